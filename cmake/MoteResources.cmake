# mote_resources(TARGET FOLDER...): embeds every file below the folders into TARGET, readable through base/resource.h by its
# path relative to the repository. The text stays in its own files; the assembler's .incbin carries it into the program.
function(mote_resources target)
  set(files "")
  foreach(folder ${ARGN})
    file(GLOB_RECURSE found CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*)
    list(APPEND files ${found})
  endforeach()
  list(SORT files)
  set(blobs "")
  set(declarations "")
  set(rows "")
  set(index 0)
  foreach(file ${files})
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR} ${file})
    string(APPEND blobs
      "mote_${target}_${index}_begin:\n.incbin \"${file}\"\nmote_${target}_${index}_end:\n.byte 0\n"
      ".global mote_${target}_${index}_begin\n.global mote_${target}_${index}_end\n")
    string(APPEND declarations "extern const char mote_${target}_${index}_begin[], mote_${target}_${index}_end[];\n")
    string(APPEND rows "    {\"${path}\", mote_${target}_${index}_begin, mote_${target}_${index}_end},\n")
    math(EXPR index "${index} + 1")
  endforeach()
  set(assembly ${CMAKE_CURRENT_BINARY_DIR}/${target}_resources.S)
  set(table ${CMAKE_CURRENT_BINARY_DIR}/${target}_resources.cpp)
  file(CONFIGURE OUTPUT ${assembly} CONTENT ".section .rodata\n@blobs@.section .note.GNU-stack,\"\",%progbits\n" @ONLY)
  file(CONFIGURE OUTPUT ${table} CONTENT [=[
#include "base/resource.h"
extern "C" {
@declarations@}
namespace mote {
static const Resource kTable[] = {
@rows@};
std::span<const Resource> resources() { return kTable; }
}  // namespace mote
]=] @ONLY)
  set_property(SOURCE ${assembly} APPEND PROPERTY OBJECT_DEPENDS "${files}")
  target_sources(${target} PRIVATE ${assembly} ${table})
endfunction()

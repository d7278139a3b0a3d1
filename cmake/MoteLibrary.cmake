# mote_library(NAME DEPENDS...): the static library of src/NAME. The links are the include ranks: a folder sees only what it
# links. Private third-party libraries are added by target_link_libraries in src/CMakeLists.txt.
add_library(mote_options INTERFACE)
target_compile_options(mote_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror
  # reproducible float arithmetic on every machine: no fused multiply-add behind our back
  -ffp-contract=off)

# Flags of everything but the folders that compute: the sanitizers' preset compiles the rest and the tests without
# optimization, which nearly halves the time of each such file.
set(MOTE_COLD_FLAGS "" CACHE STRING "Compiler flags of the folders that do not compute")
set(MOTE_HOT_FOLDERS base ir ops data run train compress plan)

function(mote_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp ${CMAKE_SOURCE_DIR}/src/${name}/*/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/compress/finetune/")  # a library of its own, mote_finetune
  add_library(mote_${name} STATIC ${sources})
  target_include_directories(mote_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  foreach(dependency ${ARGN})
    target_link_libraries(mote_${name} PUBLIC mote_${dependency})
  endforeach()
  target_link_libraries(mote_${name} PRIVATE mote_options)
  if(NOT name IN_LIST MOTE_HOT_FOLDERS)
    target_compile_options(mote_${name} PRIVATE ${MOTE_COLD_FLAGS})
  endif()
endfunction()

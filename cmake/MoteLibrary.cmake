# mote_library(NAME DEPENDS...): the static library of src/NAME. The links are the include ranks: a folder sees only what it
# links. Private third-party libraries are added by target_link_libraries in src/CMakeLists.txt.
add_library(mote_options INTERFACE)
target_compile_options(mote_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror
  # reproducible float arithmetic on every machine: no fused multiply-add behind our back
  -ffp-contract=off)

function(mote_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp ${CMAKE_SOURCE_DIR}/src/${name}/*/*.cpp)
  if(NOT sources)
    set(sources ${CMAKE_BINARY_DIR}/empty.cpp)
    file(TOUCH ${sources})
  endif()
  add_library(mote_${name} STATIC ${sources})
  target_include_directories(mote_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  foreach(dependency ${ARGN})
    target_link_libraries(mote_${name} PUBLIC mote_${dependency})
  endforeach()
  target_link_libraries(mote_${name} PRIVATE mote_options)
endfunction()

# ONNX: classes generated from the schema, lite runtime
find_package(Protobuf REQUIRED)
set(onnx_generated ${CMAKE_BINARY_DIR}/generated/format)
file(MAKE_DIRECTORY ${onnx_generated})
add_custom_command(
  OUTPUT ${onnx_generated}/onnx.pb.cc ${onnx_generated}/onnx.pb.h
  COMMAND protobuf::protoc --cpp_out=${onnx_generated} -I ${CMAKE_CURRENT_SOURCE_DIR}/format onnx.proto
  DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/format/onnx.proto)
set_source_files_properties(${onnx_generated}/onnx.pb.cc PROPERTIES COMPILE_OPTIONS -w)
target_sources(mote_format PRIVATE ${onnx_generated}/onnx.pb.cc ${onnx_generated}/onnx.pb.h)
target_include_directories(mote_format SYSTEM PRIVATE ${onnx_generated})
target_link_libraries(mote_format PRIVATE protobuf::libprotobuf-lite)
# TensorFlow Lite files: FlatBuffers code generated from our own schema.
find_program(FLATC flatc REQUIRED)
set(tflite_header ${CMAKE_BINARY_DIR}/generated/tflite_generated.h)
add_custom_command(
  OUTPUT ${tflite_header}
  COMMAND ${FLATC} --cpp --scoped-enums -o ${CMAKE_BINARY_DIR}/generated ${CMAKE_CURRENT_LIST_DIR}/tflite.fbs
  DEPENDS ${CMAKE_CURRENT_LIST_DIR}/tflite.fbs)
target_sources(mote_format PRIVATE ${tflite_header})
target_include_directories(mote_format SYSTEM PRIVATE ${CMAKE_BINARY_DIR}/generated)

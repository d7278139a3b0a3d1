# Training: what is linked to LibTorch. mote_finetune holds the passes of compress/ that train.
mote_library(train run format data)
target_link_libraries(mote_train PUBLIC torch)
target_precompile_headers(mote_train PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/train/torch.h)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  target_compile_options(mote_train PRIVATE -fpch-preprocess)  # lets ccache look through the precompiled header
endif()

file(GLOB_RECURSE finetune_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/compress/finetune/*.cpp)
if(finetune_sources)
  add_library(mote_finetune STATIC ${finetune_sources})
  target_link_libraries(mote_finetune PUBLIC mote_train mote_compress PRIVATE mote_options)
else()
  add_library(mote_finetune INTERFACE)
endif()

# The library that others link: libmote.so with the public headers of include/mote, a CMake package and a pkg-config file.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

add_library(mote_shared SHARED ${CMAKE_SOURCE_DIR}/src/api/model.cpp)
set_target_properties(mote_shared PROPERTIES OUTPUT_NAME mote EXPORT_NAME mote VERSION ${PROJECT_VERSION}
                      SOVERSION ${PROJECT_VERSION_MAJOR})
target_include_directories(mote_shared PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(mote_shared PRIVATE $<BUILD_INTERFACE:mote_report> $<BUILD_INTERFACE:mote_options>)

install(TARGETS mote_shared EXPORT moteTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(MOTE_TRAIN)
  install(TARGETS mote-train RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(TARGETS mote RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/mote DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT moteTargets NAMESPACE mote:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mote)
configure_package_config_file(cmake/moteConfig.cmake.in ${CMAKE_BINARY_DIR}/moteConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mote)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/moteConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/moteConfig.cmake ${CMAKE_BINARY_DIR}/moteConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mote)
configure_file(cmake/mote.pc.in ${CMAKE_BINARY_DIR}/mote.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/mote.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

pkg_check_modules(sndfile REQUIRED IMPORTED_TARGET sndfile)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
target_link_libraries(mote_data PRIVATE PkgConfig::sndfile JPEG::JPEG PNG::PNG)

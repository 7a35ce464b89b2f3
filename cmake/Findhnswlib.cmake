# hnswlib, a library of headers: hnswlib_FOUND, hnswlib::hnswlib. Releases before 0.8, and the packages
# of Debian, say nothing to CMake.
find_package(hnswlib CONFIG QUIET)
if(NOT TARGET hnswlib::hnswlib)
  find_path(hnswlib_INCLUDE_DIR hnswlib/hnswlib.h)
  mark_as_advanced(hnswlib_INCLUDE_DIR)
  include(FindPackageHandleStandardArgs)
  find_package_handle_standard_args(hnswlib REQUIRED_VARS hnswlib_INCLUDE_DIR)
  if(hnswlib_FOUND)
    add_library(hnswlib::hnswlib INTERFACE IMPORTED)
    target_include_directories(hnswlib::hnswlib INTERFACE "${hnswlib_INCLUDE_DIR}")
  endif()
endif()

# cmake -DROOT=<folder> -DVERSION=<CMake's> -P version.cmake
#
# version.hpp, CMake and the newest entry of CHANGELOG.md speak of one version.
cmake_minimum_required(VERSION 3.25)

include("${CMAKE_CURRENT_LIST_DIR}/../../cmake/version.cmake")
kindred_read_version(header "${ROOT}/include/kindred/version.hpp")
file(STRINGS "${ROOT}/CHANGELOG.md" entries REGEX "^## \\[[0-9]" LIMIT_COUNT 1)
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" changelog "${entries}")

if(NOT header VERSION_EQUAL VERSION OR NOT header VERSION_EQUAL changelog)
  message(FATAL_ERROR "version.hpp says ${header}, CMake ${VERSION}, CHANGELOG.md ${changelog}")
endif()

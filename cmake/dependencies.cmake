# One rule for every dependency: a target that exists already, else find_package, else a download
# that is pinned by its hash.
include(FetchContent)
option(KINDRED_FETCH_DEPS "Download a dependency that find_package does not find" ON)

# kindred_require(<package> <target> [VERSION <minimum>] URL <url> SHA256 <hash>
#                 [HEADER_ONLY] [DISABLE <option>...])
#
# HEADER_ONLY takes the archive's top folder as include path and leaves its own build alone; DISABLE
# names the options of its build to turn off. A package that was downloaded is added to
# kindred_fetched.
function(kindred_require package target)
  cmake_parse_arguments(PARSE_ARGV 2 arg "HEADER_ONLY" "VERSION;URL;SHA256" "DISABLE")
  if(TARGET ${target})
    return()
  endif()

  # Not FetchContent's own FIND_PACKAGE_ARGS: it sets TBB_DIR even where it finds nothing, at which
  # oneTBB's build refuses to build itself.
  find_package(${package} ${arg_VERSION} QUIET GLOBAL)
  if(${package}_FOUND)
    message(STATUS "kindred: found ${package} ${${package}_VERSION}")
    return()
  elseif(NOT KINDRED_FETCH_DEPS)
    message(FATAL_ERROR "kindred needs ${package} ${arg_VERSION}: install it, say where it is with "
                        "${package}_DIR, or set KINDRED_FETCH_DEPS")
  endif()

  message(STATUS "kindred: ${package} was not found, so it comes from ${arg_URL}")
  set(CMAKE_POLICY_DEFAULT_CMP0077 NEW)
  set(CMAKE_COMPILE_WARNING_AS_ERROR OFF)
  set(CMAKE_UNITY_BUILD OFF)  # oneTBB's sources do not compile as one
  foreach(name IN LISTS arg_DISABLE)
    set(${name} OFF)
  endforeach()
  if(arg_HEADER_ONLY)
    set(subdir SOURCE_SUBDIR no-build-of-its-own)
  endif()
  FetchContent_Declare(${package} URL "${arg_URL}" URL_HASH SHA256=${arg_SHA256} SYSTEM ${subdir})
  FetchContent_MakeAvailable(${package})
  if(arg_HEADER_ONLY)
    string(TOLOWER ${package} lower)
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_include_directories(${target} INTERFACE "${${lower}_SOURCE_DIR}")
  endif()
  set(kindred_fetched ${kindred_fetched} ${package} PARENT_SCOPE)
endfunction()

set(kindred_eigen_version 3.4)
set(kindred_tbb_version 2021)

kindred_require(
  Eigen3 Eigen3::Eigen HEADER_ONLY
  VERSION ${kindred_eigen_version}
  URL https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.gz
  SHA256 8586084f71f9bde545ee7fa6d00288b264a2b7ac3607b974e54d13e7162c1c72)
kindred_require(
  TBB TBB::tbb
  VERSION ${kindred_tbb_version}
  URL https://github.com/oneapi-src/oneTBB/archive/refs/tags/v2021.13.0.tar.gz
  SHA256 3ad5dd08954b39d113dc5b3f8a8dc6dc1fd5250032b7c491eb07aed5c94133e1
  DISABLE TBB_TEST TBB_STRICT TBB_INSTALL TBBMALLOC_BUILD)

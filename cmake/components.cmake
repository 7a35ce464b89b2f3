# An opt-in component is an interface target kindred::<name> on top of kindred::kindred, with the
# headers that need one more package.

# kindred_add_component(<name> PACKAGE <package> TARGET <target> HEADERS <header>...)
#
# The headers are relative to include/kindred. Adds them to kindred_component_headers always, and
# <name> to kindred_components where it is built, which KINDRED_WITH_<NAME> decides; where it is not,
# the headers to kindred_headers_left_out.
function(kindred_add_component name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PACKAGE;TARGET" "HEADERS")
  set(files ${arg_HEADERS})
  list(TRANSFORM files PREPEND "${PROJECT_SOURCE_DIR}/include/kindred/")
  set(kindred_component_headers ${kindred_component_headers} ${files} PARENT_SCOPE)

  string(TOUPPER "KINDRED_WITH_${name}" switch)
  set(${switch} AUTO CACHE STRING "Offer kindred::${name}, which needs ${arg_PACKAGE}")
  set_property(CACHE ${switch} PROPERTY STRINGS AUTO ON OFF)
  if(${switch} STREQUAL "AUTO")
    find_package(${arg_PACKAGE} QUIET GLOBAL)
  elseif(${switch})
    find_package(${arg_PACKAGE} REQUIRED GLOBAL)
  endif()
  if(NOT ${switch} OR NOT TARGET ${arg_TARGET})
    message(STATUS "kindred: without kindred::${name}")
    set(kindred_headers_left_out ${kindred_headers_left_out} ${arg_HEADERS} PARENT_SCOPE)
    return()
  endif()

  message(STATUS "kindred: with kindred::${name}")
  add_library(kindred_${name} INTERFACE)
  add_library(kindred::${name} ALIAS kindred_${name})
  set_target_properties(kindred_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(kindred_${name} INTERFACE kindred ${arg_TARGET})
  target_sources(
    kindred_${name} INTERFACE FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include"
                              FILES ${files})

  set(kindred_components ${kindred_components} ${name} PARENT_SCOPE)
  set(kindred_${name}_package ${arg_PACKAGE} PARENT_SCOPE)
endfunction()

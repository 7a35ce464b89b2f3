# cmake -DINCLUDE=<include/kindred> [-DLIMIT=<lines>] -P length.cmake
#
# A header is read in one sitting.
cmake_minimum_required(VERSION 3.25)
if(NOT DEFINED LIMIT)
  set(LIMIT 400)
endif()
file(GLOB_RECURSE headers "${INCLUDE}/*.hpp")
foreach(header IN LISTS headers)
  file(READ "${header}" text)
  string(REGEX REPLACE "[^\n]" "" newlines "${text}")
  string(LENGTH "${newlines}" lines)
  if(lines GREATER LIMIT)
    message(SEND_ERROR "${header} has ${lines} lines, ${LIMIT} is the limit")
  endif()
endforeach()

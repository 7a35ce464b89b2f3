# Gives ${FOLDER} a small MovieLens, and runs ${PROGRAM} in it.
cmake_minimum_required(VERSION 3.25)
include("${CMAKE_CURRENT_LIST_DIR}/../small_movielens.cmake")
file(REMOVE_RECURSE "${FOLDER}")
kindred_write_movielens("${FOLDER}")

# kindred_expect(<exit code> <regular expression for what it prints> [<argument>...])
function(kindred_expect code text)
  execute_process(COMMAND "${PROGRAM}" ${ARGN} WORKING_DIRECTORY "${FOLDER}"
                  RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE err)
  if(NOT result EQUAL code OR NOT "${out}${err}" MATCHES "${text}")
    message(SEND_ERROR "${ARGN}: exit code ${result}, not ${code}, or no '${text}' in:\n${out}${err}")
  endif()
endfunction()

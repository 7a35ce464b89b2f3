# cmake -DDESTINATION=<folder> -P movielens.cmake
#
# Leaves MovieLens latest-small (edition of September 2018) in <folder>/ml-latest-small, or says why
# not.
set(url https://files.grouplens.org/datasets/movielens/ml-latest-small.zip)
# As TensorFlow Datasets records it (url_checksums/movielens.txt).
set(expected 696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436)

set(archive "${DESTINATION}/ml-latest-small.zip")
if(NOT EXISTS "${archive}")
  message(STATUS "downloading ${url} (1 MB)")
  file(DOWNLOAD ${url} "${archive}.part"
       STATUS status TIMEOUT 120 INACTIVITY_TIMEOUT 20 TLS_VERIFY ON)
  list(POP_FRONT status code reason)
  if(NOT code EQUAL 0)
    file(REMOVE "${archive}.part")
    message(STATUS "could not download it: ${reason}")
    return()
  endif()
  file(RENAME "${archive}.part" "${archive}")
endif()

file(SHA256 "${archive}" actual)
if(NOT actual STREQUAL expected)
  file(REMOVE "${archive}")
  message(STATUS "it is not the edition known here and was deleted: its SHA-256 is ${actual}")
  return()
endif()
file(ARCHIVE_EXTRACT INPUT "${archive}" DESTINATION "${DESTINATION}")
message(
  STATUS
    "MovieLens latest-small by GroupLens: for research, with acknowledgement, not for commercial use "
    "without permission; its terms are in ${DESTINATION}/ml-latest-small/README.txt")

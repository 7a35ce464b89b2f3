# A package that was downloaded is not installed with us, so find_package(kindred) could not find it
# again.
if(kindred_fetched)
  list(JOIN kindred_fetched ", " names)
  message(NOTICE "kindred: no install rules, since an install needs these on the system: ${names}")
  return()
endif()

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(destination "${CMAKE_INSTALL_DATADIR}/cmake/kindred")

# One export for each component: the package loads only what is asked of it.
install(TARGETS kindred EXPORT kindred-core FILE_SET HEADERS FILE_SET details FILE_SET fragments)
install(EXPORT kindred-core NAMESPACE kindred:: DESTINATION "${destination}")
foreach(name IN LISTS kindred_components)
  install(TARGETS kindred_${name} EXPORT kindred-${name} FILE_SET HEADERS)
  install(EXPORT kindred-${name} NAMESPACE kindred:: DESTINATION "${destination}")
  string(APPEND component_packages "set(kindred_${name}_package ${kindred_${name}_package})\n")
endforeach()

# Needs nothing here: its device code is compiled where it is used.
string(APPEND component_packages "set(kindred_cuda_package CUDAToolkit)\n")
foreach(header IN LISTS kindred_cuda_headers)
  cmake_path(GET header PARENT_PATH room)
  install(FILES "${PROJECT_SOURCE_DIR}/include/kindred/${header}"
          DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/kindred/${room}")
endforeach()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/kindred/backend/cuda"
        DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/kindred/backend")
install(FILES "${CMAKE_CURRENT_LIST_DIR}/kindred-cuda.cmake" DESTINATION "${destination}")

configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/kindredConfig.cmake.in" "${PROJECT_BINARY_DIR}/kindredConfig.cmake"
  INSTALL_DESTINATION "${destination}" PATH_VARS CMAKE_INSTALL_INCLUDEDIR NO_SET_AND_CHECK_MACRO)

# Until 1.0 a new minor version may break what it likes.
set(compatibility SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatibility SameMinorVersion)
endif()
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/kindredConfigVersion.cmake"
  COMPATIBILITY ${compatibility} ARCH_INDEPENDENT)

install(FILES "${PROJECT_BINARY_DIR}/kindredConfig.cmake"
              "${PROJECT_BINARY_DIR}/kindredConfigVersion.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/FindMariaDB.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/Findhnswlib.cmake"
        DESTINATION "${destination}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/kindred")

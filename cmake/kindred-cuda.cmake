# The component kindred::cuda. Its device code is compiled by whoever asks for it, kindred's own build
# or a project that found an installed kindred: kindred_include has the headers.
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED GLOBAL)
set(KINDRED_CUDA_ARCHITECTURES 75 80 90 CACHE STRING "What kindred::cuda is compiled for")

add_library(kindred_cuda STATIC "${kindred_include}/kindred/backend/cuda/kindred_cuda.cu")
add_library(kindred::cuda ALIAS kindred_cuda)
set_target_properties(
  kindred_cuda PROPERTIES CUDA_ARCHITECTURES "${KINDRED_CUDA_ARCHITECTURES}"
                          POSITION_INDEPENDENT_CODE ON)
target_link_libraries(
  kindred_cuda PUBLIC kindred::kindred PRIVATE CUDA::cudart_static CUDA::cublasLt)
if(cuda_std_20 IN_LIST CMAKE_CUDA_COMPILE_FEATURES)
  target_compile_features(kindred_cuda PRIVATE cuda_std_20)
else()
  target_compile_options(kindred_cuda PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>)
endif()

# For our own programs only: nothing here may reach the interface targets.
set(kindred_warnings -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
                     -Wold-style-cast)
set(CMAKE_CXX_EXTENSIONS OFF)

# Links the library and all the components that are built, and turns the warnings on.
function(kindred_link target)
  list(TRANSFORM kindred_components PREPEND kindred::)
  target_link_libraries(${target} PRIVATE kindred::kindred ${kindred_components})
  if(KINDRED_CUDA)
    target_link_libraries(${target} PRIVATE kindred::cuda)
  endif()
  target_compile_options(${target} PRIVATE ${kindred_warnings})
endfunction()

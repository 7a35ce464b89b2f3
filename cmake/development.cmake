# For our own programs only: nothing here may reach the interface targets.
set(kindred_warnings -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
                     -Wold-style-cast)
set(CMAKE_CXX_EXTENSIONS OFF)

# An executable on the library and all the components that are built, with the warnings.
function(kindred_add_program name)
  add_executable(${name} ${ARGN})
  list(TRANSFORM kindred_components PREPEND kindred::)
  target_link_libraries(${name} PRIVATE kindred::kindred ${kindred_components})
  target_compile_options(${name} PRIVATE ${kindred_warnings})
endfunction()

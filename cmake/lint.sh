#!/bin/sh
# sh cmake/lint.sh: checks the format of every source file and lints every header.
set -eu
cd "$(dirname "$0")/.."
. cmake/bootstrap.sh

want clang-format-14 clang-format-14 clang-tools-extra clang-format
want clang-tidy-14 clang-tidy-14 clang-tools-extra llvm
install_test_tools

find include tests examples bench \( -name '*.hpp' -o -name '*.inl' -o -name '*.cpp' -o -name '*.cu*' \) \
  -exec clang-format-14 --dry-run -Werror {} +
say "the format is right"

# As the header sets' own check compiles them: the umbrella, and each header of a component.
cmake --preset dev >/dev/null
umbrella=build/dev/kindred_verify_interface_header_sets/kindred/kindred.hpp.cxx
find build/dev \( -path "$umbrella" -o -path '*/kindred_*_verify_interface_header_sets/*.cxx' \) \
  -exec clang-tidy-14 -p build/dev --quiet {} +
say "the linter has nothing to say"

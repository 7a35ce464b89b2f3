#!/bin/sh
# sh cmake/lint.sh: checks the format of every source file and lints every header.
set -eu
cd "$(dirname "$0")/.."
. cmake/bootstrap.sh

want clang-format-14 clang-format-14 clang-tools-extra clang-format
want clang-tidy-14 clang-tidy-14 clang-tools-extra llvm
install_test_tools

find include tests examples bench \( -name '*.hpp' -o -name '*.inl' -o -name '*.cpp' \) \
  -exec clang-format-14 --dry-run -Werror {} +
say "the format is right"

# One translation unit with every header, as the header sets' own check compiles it.
cmake --preset dev >/dev/null
clang-tidy-14 -p build/dev --quiet build/dev/*_verify_interface_header_sets/kindred/kindred.hpp.cxx

#!/bin/sh
# sh cmake/test.sh [preset]: installs what is missing, builds the preset (dev) and runs its tests.
set -eu
cd "$(dirname "$0")/.."
. cmake/bootstrap.sh
preset=${1:-dev}

install_test_tools

if [ -z "${KINDRED_DATA:-}" ]; then
  say "KINDRED_DATA is not set: tests on real data will skip (see CONTRIBUTING.md)"
fi
if [ "$preset" = tsan ] && [ "$manager" = apt-get ]; then
  . cmake/tbb_source.sh
fi
cmake --preset "$preset"
cmake --build --preset "$preset"
ctest --preset "$preset" --parallel "$(getconf _NPROCESSORS_ONLN)"

#!/bin/sh
# From a bare checkout to recommendations: installs what is missing, builds examples/quickstart.cpp
# and runs it on MovieLens where that can be had, else on synthetic ratings.
set -eu
cd "$(dirname "$0")/.."
. cmake/bootstrap.sh

install_build_tools

say "building the quickstart"
cmake --preset release -B build/quickstart \
  -DKINDRED_BUILD_TESTS=OFF -DKINDRED_BUILD_BENCH=OFF \
  -DKINDRED_WITH_ZLIB=OFF -DKINDRED_WITH_SQLITE=OFF -DKINDRED_WITH_MYSQL=OFF
cmake --build build/quickstart --target kindred_quickstart

is_movielens() { [ -f "$1/u.data" ] || [ -f "$1/ratings.dat" ] || [ -f "$1/ratings.csv" ]; }

data=
if [ -n "${KINDRED_DATA:-}" ]; then
  for folder in "$KINDRED_DATA/ml-latest-small" "$KINDRED_DATA/ml-100k" "$KINDRED_DATA"; do
    if is_movielens "$folder"; then data=$folder; break; fi
  done
  [ -n "$data" ] || die "no MovieLens in KINDRED_DATA ($KINDRED_DATA)"
else
  cmake -DDESTINATION=build/data -P cmake/movielens.cmake
  if is_movielens build/data/ml-latest-small; then data=build/data/ml-latest-small; fi
fi

if [ -n "$data" ]; then
  say "the ratings are MovieLens, from $data"
  exec build/quickstart/examples/kindred_quickstart "$data"
fi
say "no MovieLens here: the ratings are synthetic"
exec build/quickstart/examples/kindred_quickstart

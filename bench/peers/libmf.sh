#!/bin/sh
# Builds LIBMF as its Python package ships it, in both of its builds, which are different
# algorithms, and races kindred against each.
#   sh bench/peers/libmf.sh [DATA ...]    DATA as libmf_compare.cpp says
# FACTORS, THREADS, PAIRS and MILLIONS choose what is run.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip -q download libmf==0.9.2 --no-deps --no-binary :all: -d "$work"
tar xzf "$work"/libmf-0.9.2.tar.gz -C "$work"
source=$work/libmf-0.9.2/src_cpp
eigen=$(pkg-config --cflags eigen3 2>/dev/null || echo -I/usr/include/eigen3)
cxx=${CXX:-g++}
for build in AVX SSE; do
  flags=-mavx
  [ $build = AVX ] || flags=-msse3
  $cxx -O3 -std=c++11 -w -pthread -fopenmp -DUSE$build $flags -c "$source/mf.cpp" -o "$work/mf.o"
  # No -march on our side.
  # shellcheck disable=SC2086
  $cxx -O2 -std=c++20 -I"$source" -Iinclude $eigen bench/peers/libmf_compare.cpp "$work/mf.o" \
    -ltbb -fopenmp -o "$work/compare_$build"
done
[ $# -gt 0 ] || set -- synthetic plain
for data in "$@"; do
  for factors in ${FACTORS:-32 64 128}; do
    for threads in ${THREADS:-1 2}; do
      for build in AVX SSE; do
        echo "== LIBMF $build build"
        "$work/compare_$build" "$data" "$factors" "$threads" "${PAIRS:-5}" "${MILLIONS:-5}"
      done
    done
  done
done

#!/bin/sh
# Races the neighbourhood models against the same models of implicit and of Surprise, pair by pair,
# and checks that both find the same neighbours and predict the same ratings.
#   sh bench/peers/knn.sh [MILLIONS ...]    of synthetic ratings
# With KINDRED_DATA also on MovieLens 100K. THREADS and PAIRS choose what is run. The packages, in
# pinned versions, go to a folder that is deleted at the end.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
python=$work/venv/bin/python
"$python" -m pip -q install numpy==1.26.4 scipy==1.13.1 cython==3.0.12 setuptools==75.8.0 wheel
"$python" -m pip -q install implicit==0.7.2
"$python" -m pip -q install --no-build-isolation scikit-surprise==1.1.4
eigen=$(pkg-config --cflags eigen3 2>/dev/null || echo -I/usr/include/eigen3)
# No -march on our side.
# shellcheck disable=SC2086
${CXX:-g++} -O2 -std=c++20 -Iinclude $eigen bench/peers/knn_compare.cpp -ltbb -o "$work/kindred"
[ $# -gt 0 ] || set -- 1 10
# The peers' libraries for matrices would else take more threads than they are asked to.
export OPENBLAS_NUM_THREADS=1
"$python" bench/peers/knn_compare.py "$work" "$@"

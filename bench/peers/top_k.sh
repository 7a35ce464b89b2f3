#!/bin/sh
# Races item_index against the top-k of implicit and the flat index of faiss, pair by pair, and checks
# that all find the same; then hnsw_index against hnswlib itself, with the same parameters.
#   sh bench/peers/top_k.sh
# ITEMS, FACTORS, USERS, THREADS and PAIRS choose what is run, HNSW=0 leaves out the second. hnswlib is the system's, compiled for
# this machine (-march=native); kindred gets no such flag. The packages of Python, in pinned versions,
# go to a folder that is deleted at the end, unless PYTHON names an interpreter that has them.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -z "${PYTHON:-}" ]; then
  python3 -m venv "$work/venv"
  PYTHON=$work/venv/bin/python
  "$PYTHON" -m pip -q install numpy==1.26.4 scipy==1.13.1 implicit==0.7.2 faiss-cpu==1.15.1
fi
eigen=$(pkg-config --cflags eigen3 2>/dev/null || echo -I/usr/include/eigen3)
# shellcheck disable=SC2086
${CXX:-g++} -O2 -std=c++20 -Iinclude $eigen bench/peers/top_k_compare.cpp -ltbb -o "$work/kindred"
${CXX:-g++} -O3 -march=native -std=c++20 bench/peers/top_k_hnswlib.cpp -pthread -o "$work/hnswlib"
# The peers' libraries for matrices would else take more threads than they are asked to.
export OPENBLAS_NUM_THREADS=1
"$PYTHON" bench/peers/top_k_compare.py "$work"

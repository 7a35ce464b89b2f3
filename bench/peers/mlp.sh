#!/bin/sh
# Races mlp_rating against the same network in PyTorch on the processor, pair by pair, and checks
# that both losses fall alike.
#   KINDRED_DATA=folder-of-data-sets sh bench/peers/mlp.sh
# THREADS, BATCHES and PAIRS choose what is run. PyTorch, in a pinned version, goes to a folder that is
# deleted at the end (PYTHON names an interpreter that has it instead): 3 GB are downloaded.
set -eu
cd "$(dirname "$0")/../.."
[ -n "${KINDRED_DATA:-}" ] || { echo "skipped: KINDRED_DATA does not name the data sets"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-}
if [ -z "$python" ]; then
  python3 -m venv "$work/venv"
  python=$work/venv/bin/python
  "$python" -m pip -q install numpy==1.26.4 torch==2.4.1
fi
eigen=$(pkg-config --cflags eigen3 2>/dev/null || echo -I/usr/include/eigen3)
# No -march on our side.
# shellcheck disable=SC2086
${CXX:-g++} -O2 -std=c++20 -Iinclude $eigen bench/peers/mlp_compare.cpp -ltbb -o "$work/kindred"
"$python" bench/peers/mlp_compare.py "$work/kindred" "$KINDRED_DATA/ml-100k/u.data"

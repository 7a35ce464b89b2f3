#!/bin/sh
# Races alternating least squares against implicit, irspack and cmfrec, pair by pair: time to the
# loss that the peer comes to, by the same objective and solver.
#   sh bench/peers/als.sh DATA ...    millions of synthetic ratings, files of ratings, or folders
#                                     of lists of interactions
# PEERS, FACTORS, SOLVERS, THREADS and PAIRS choose what is run; CLOCK=cores measures the time of
# processors, for one thread on a machine at work. The packages, in pinned versions, go to a folder
# that is deleted at the end.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
python=$work/venv/bin/python
"$python" -m pip -q install numpy==1.26.4 scipy==1.17.1 implicit==0.7.2 irspack==0.3.1 cmfrec==3.5.1.post14
eigen=$(pkg-config --cflags eigen3 2>/dev/null || echo -I/usr/include/eigen3)
# No -march on our side.
# shellcheck disable=SC2086
${CXX:-g++} -O2 -std=c++20 -Iinclude $eigen bench/peers/als_compare.cpp -ltbb -o "$work/kindred"
# The peers' libraries for matrices would else take more threads than they are asked to.
export OPENBLAS_NUM_THREADS=1
"$python" bench/peers/als_compare.py "$work" "$@"

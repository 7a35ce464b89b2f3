#!/bin/sh
# Races bayesian_mf and the factorization machine by mcmc against myFM, pair by pair, on fold u1 of
# MovieLens 100K: ids alone, as many factors and sweeps.
#   KINDRED_DATA=folder-of-data-sets sh bench/peers/bayesian.sh
# FACTORS and PAIRS choose what is run. The package, in a pinned version, goes to a folder that is
# deleted at the end. It has one thread.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip -q install myfm==0.4.0
eigen=$(pkg-config --cflags eigen3 2>/dev/null || echo -I/usr/include/eigen3)
# No -march on our side.
# shellcheck disable=SC2086
${CXX:-g++} -O2 -std=c++20 -Iinclude $eigen bench/peers/bayesian_compare.cpp -ltbb -o "$work/kindred"
"$work/venv/bin/python" bench/peers/bayesian_compare.py "$work" "$KINDRED_DATA/ml-100k"

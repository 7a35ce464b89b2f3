#!/bin/sh
# Races bpr, warp and logistic_mf against the same losses of implicit and of LightFM, pair by pair,
# to equal NDCG@20 on the test part of data sets of interactions.
#   KINDRED_DATA=folder-of-data-sets sh bench/peers/ranking_mf.sh [DATA-SET ...]
# Peers get a grid of four options and kindred one of six, judged at 25 epochs on the validation part.
# The bar is the peer's best on the test part over numbers of epochs, less a thousandth; each side then
# trains for the fewest epochs that reach it, and what is timed is the whole fit: with CLOCK=cpu in
# seconds of the processor, which a machine at work bends less. MODELS, THREADS and PAIRS choose what
# is run. The packages, in pinned versions, go to a folder that is deleted at the end (PYTHON names an
# interpreter that has them instead).
set -eu
cd "$(dirname "$0")/../.."
[ -n "${KINDRED_DATA:-}" ] || { echo "skipped: KINDRED_DATA does not name the data sets"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-}
if [ -z "$python" ]; then
  python3 -m venv "$work/venv"
  python=$work/venv/bin/python
  "$python" -m pip -q install numpy==1.26.4 scipy==1.13.1 cython==3.0.12 setuptools==69.5.1 wheel
  "$python" -m pip -q install implicit==0.7.2
  "$python" -m pip -q install --no-build-isolation lightfm==1.17
fi
eigen=$(pkg-config --cflags eigen3 2>/dev/null || echo -I/usr/include/eigen3)
# No -march on our side.
# shellcheck disable=SC2086
${CXX:-g++} -O2 -std=c++20 -Iinclude $eigen bench/peers/ranking_mf_compare.cpp -ltbb \
  -o "$work/kindred"
[ $# -gt 0 ] || set -- lastfm ml-1m-implicit
# The peers' libraries for matrices would else take more threads than they are asked to.
export OPENBLAS_NUM_THREADS=1
"$python" bench/peers/ranking_mf_compare.py "$work" "$KINDRED_DATA" "$@"

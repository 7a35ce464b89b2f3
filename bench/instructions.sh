#!/bin/sh
# Counts the instructions of the hot loops, which other programs at work do not bend, and compares
# with an earlier count: to be run before and after a change.
#   sh bench/instructions.sh [BEFORE] [LOOP ...]    BEFORE is a commit, or a file that an earlier run
#                                                   wrote, which it does to build/instructions.csv
# A loop is run once and twice under callgrind; the difference is one run, without what is made ready.
# Valgrind knows no AVX-512: what is counted are the kernels for AVX2.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
eigen=$(pkg-config --cflags eigen3 2>/dev/null || echo -I/usr/include/eigen3)

# count_of TREE: prints "loop,instructions" of the headers in TREE, of the loops named.
count_of() {
  tree=$1
  shift
  # shellcheck disable=SC2086
  ${CXX:-g++} -O2 -std=c++20 "-I$tree/include" $eigen "$tree/bench/hot_loops.cpp" -ltbb -o "$work/loops"
  for loop in "$@"; do
    for repeats in 1 2; do
      valgrind --tool=callgrind --callgrind-out-file=/dev/null "$work/loops" "$loop" $repeats \
        2>"$work/log" || { cat "$work/log" >&2; exit 1; }
      sed -n 's/.*Collected : //p' "$work/log" >"$work/$repeats"
    done
    echo "$loop,$(($(cat "$work/2") - $(cat "$work/1")))"
  done
}

before=
if [ -f "${1:-}" ]; then
  before=$1
  shift
elif [ $# -gt 0 ] && git rev-parse -q --verify "$1^{commit}" >/dev/null; then
  mkdir "$work/tree"
  git archive "$1" include | tar x -C "$work/tree"
  cp -r bench "$work/tree/"  # the same loops over both
  shift
fi
[ $# -gt 0 ] || set -- sgd als neighbours ease many_queries one_query
if [ -d "$work/tree" ]; then
  before=$work/before
  count_of "$work/tree" "$@" >"$before"
fi
mkdir -p build
count_of . "$@" >"$work/after"
cp "$work/after" build/instructions.csv
[ -n "$before" ] || before=$work/after
echo "| loop | instructions before | after | share |"
echo "|---|---|---|---|"
awk -F, 'NR == FNR { before[$1] = $2; next }
  $1 in before { printf "| %s | %.0f | %.0f | %.4f |\n", $1, before[$1], $2, $2 / before[$1] }' \
  "$before" "$work/after"

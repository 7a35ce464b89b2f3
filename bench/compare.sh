#!/bin/sh
# Races kindred against its peers, pair by pair in the same run, and puts what comes out into
# bench/results: a row a pair, a table and plots. See bench/README.md.
#   sh bench/compare.sh [quick] [RACE ...]    all races, unless some are named
# KINDRED_DATA names the folder of real data. What is run is chosen by DATA, THREADS, PAIRS, FACTORS and
# what a race's own program reads; rows of results that are not run anew stay. CLOCK=cores measures
# the time of processors, for a machine at work. Packages of Python, in the versions of
# bench/peers/requirements.txt, go to a folder that is deleted at the end (3 GB of them are
# PyTorch's); PYTHON names an interpreter that has them instead. KEEP names a folder where packages and
# programs stay: what it has is not made again. RESULTS names another folder of results.
set -eu
cd "$(dirname "$0")/.."
SIZE=full
if [ "${1:-}" = quick ]; then
  SIZE=quick
  shift
fi
[ $# -gt 0 ] || set -- als bayesian compile knn libmf mlp mlpack ranking_mf surprise top_k
if [ -n "${KEEP:-}" ]; then
  work=$(mkdir -p "$KEEP" && cd "$KEEP" && pwd)
  rm -f "$work/results.csv" "$work/curves.csv"
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi
cxx=${CXX:-g++}
eigen=$(pkg-config --cflags eigen3 2>/dev/null || echo -I/usr/include/eigen3)
# The peers' libraries for matrices would else take more threads than they are asked to.
export SIZE EIGEN="$eigen" OPENBLAS_NUM_THREADS=1

# Installs what the races named want; what does not install is named in the table. A package that
# declines the shared versions, and works with them, comes without what it asks for.
install_peers() {
  shared="numpy==1.26.4 scipy==1.13.1 pandas==2.2.3 cython==3.0.12 setuptools==69.5.1 wheel"
  pip="$work/venv/bin/python -m pip -q install --no-build-isolation"
  [ -x "$work/venv/bin/python" ] || python3 -m venv "$work/venv" # of Debian: package python3-venv
  # shellcheck disable=SC2086
  $pip $shared
  while read -r package races; do
    for race in "$@"; do
      case " $races " in *" $race "*) ;; *) continue ;; esac
      # shellcheck disable=SC2086
      $pip "$package" $shared || $pip --no-deps "$package" || echo "not installed: $package"
      break
    done
  done <bench/peers/requirements.txt
}

# build SOURCE PROGRAM [WHAT THE COMPILER GETS ...]: no -march on our side.
build() {
  source=bench/peers/$1.cpp
  program=$work/$2
  shift 2
  # shellcheck disable=SC2086
  [ -x "$program" ] || $cxx -O2 -std=c++20 -Iinclude $eigen "$source" "$@" -ltbb -o "$program"
}

# LIBMF as its Python package ships it, in both of its builds.
build_libmf() {
  [ ! -x "$work/libmf_SSE" ] || return 0
  "$python" -m pip -q download libmf==0.9.2 --no-deps --no-binary :all: -d "$work" || return 0
  tar xzf "$work"/libmf-0.9.2.tar.gz -C "$work"
  source_of_libmf=$work/libmf-0.9.2/src_cpp
  for build in AVX SSE; do
    flags=-mavx
    [ $build = AVX ] || flags=-msse3
    $cxx -O3 -std=c++11 -w -pthread -fopenmp -DUSE$build $flags -c "$source_of_libmf/mf.cpp" \
      -o "$work/mf.o" || return
    build libmf_compare libmf_$build "$work/mf.o" "-I$source_of_libmf" -fopenmp || return
  done
}

# The headers of mlpack, and what they include, from Debian 13: unpacked, not installed. MLPACK names
# a folder that has them.
find_mlpack() {
  [ -z "${MLPACK:-}" ] || return 0
  export MLPACK="$work/apt/root/usr/include"
  [ ! -d "$MLPACK/mlpack" ] || return 0
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache"
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  echo "deb [signed-by=$keys] http://deb.debian.org/debian trixie main" >"$work/apt/list"
  set -- -q -o "Dir::Etc::sourcelist=$work/apt/list" -o Dir::Etc::sourceparts=/dev/null \
    -o "Dir::State::lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache"
  (cd "$work/apt" && apt-get "$@" update && apt-get "$@" download libmlpack-dev libensmallen-dev \
    libarmadillo-dev libcereal-dev libstb-dev rapidjson-dev) >"$work/apt/log" 2>&1 || MLPACK=
  [ -z "$MLPACK" ] || for package in "$work"/apt/*.deb; do dpkg -x "$package" "$work/apt/root"; done
}

run_race() {
  case $1 in
    libmf) build_libmf ;;
    compile) find_mlpack ;;
    mlpack)
      find_mlpack
      # -w, since its own headers warn; Armadillo's own loops are all that it calls.
      [ -z "${MLPACK:-}" ] || build mlpack_compare mlpack -isystem "$MLPACK" -w -fopenmp \
        -DMLPACK_USE_SYSTEM_STB -DARMA_DONT_USE_WRAPPER -DARMA_DONT_USE_BLAS -DARMA_DONT_USE_LAPACK
      ;;
    top_k) build top_k_compare top_k && build top_k_hnswlib hnswlib -O3 -march=native ;;
    *) build "$1_compare" "$1" ;;
  esac || return
  "$python" "bench/peers/$1_compare.py" "$work"
}

[ -n "${PYTHON:-}" ] || install_peers "$@"
python=${PYTHON:-$work/venv/bin/python}
failed=
for race in "$@"; do
  (run_race "$race") || failed="$failed $race"
  [ ! -e "$work/results.csv" ] || python3 bench/report.py "$work" "${RESULTS:-bench/results}"
done
[ -z "$failed" ] || { echo "failed:$failed" >&2; exit 1; }

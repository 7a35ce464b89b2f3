# shellcheck shell=sh
# Sourced by the scripts beside it: puts on this machine what a build needs and is not there yet.
#
#   want <command or -> <apt package> <dnf package> <brew formula>     ("-": nothing by that name)
#   install_wanted

say() { printf '%s\n' "kindred: $*"; }
die() { say "$*" >&2; exit 1; }

manager=none
for tool in apt-get dnf brew; do
  if command -v "$tool" >/dev/null; then manager=$tool; break; fi
done
wanted=

want() {
  if [ "$1" != - ] && command -v "$1" >/dev/null; then return; fi
  case $manager in
    apt-get) package=$2 ;;
    dnf) package=$3 ;;
    brew) package=$4 ;;
    none) package=- ;;
  esac
  if [ "$package" = - ] || has_package "$package"; then return; fi
  wanted="$wanted $package"
}

has_package() {
  case $manager in
    apt-get) dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii' ;;
    dnf) rpm -q "$1" >/dev/null 2>&1 ;;
    brew) brew list "$1" >/dev/null 2>&1 ;;
  esac
}

install_wanted() {
  if [ -z "$wanted" ]; then return; fi
  # $wanted is a list of words.
  # shellcheck disable=SC2086
  case $manager in
    apt-get)
      run_as_root apt-get update
      run_as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install --yes --no-install-recommends $wanted ;;
    dnf) run_as_root dnf install --assumeyes $wanted ;;
    brew) say "running: brew install$wanted"; brew install $wanted ;;
  esac
  wanted=
}

run_as_root() {
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "become root, or install sudo, to run: $*"
    set -- sudo "$@"
  fi
  say "running: $*"
  "$@"
}

# A compiler, CMake and the library's dependencies. CMake downloads a library that stays missing.
install_build_tools() {
  want c++ g++ gcc-c++ -
  want cmake cmake cmake cmake
  want ninja ninja-build ninja-build ninja
  want - ca-certificates ca-certificates -
  want - libeigen3-dev eigen3-devel eigen
  want - libtbb-dev tbb-devel tbb
  install_wanted
  for tool in c++ cmake ninja; do
    command -v "$tool" >/dev/null || die "$tool is needed and no package manager known here has it"
  done
  version=$(cmake --version | sed -n 's/^cmake version \([0-9.]*\).*/\1/p')
  oldest=$(printf '%s\n' 3.25 "$version" | sort -V | head -n 1)
  [ "$oldest" = 3.25 ] || die "CMake $version is too old: 3.25 or newer is needed"
}

# The same, and what the tests and benchmarks use.
install_test_tools() {
  want - zlib1g-dev zlib-devel -
  want - libsqlite3-dev sqlite-devel -
  want - libhnswlib-dev - -
  want - libmariadb-dev mariadb-connector-c-devel mariadb
  # The programs alone: Debian's mariadb-server would start a service. The first has what the
  # second needs to make a data directory.
  want - mariadb-client-core - -
  want - mariadb-server-core mariadb-server mariadb
  # What an example serves with.
  want pkg-config pkg-config pkgconf-pkg-config pkgconf
  want - libcpp-httplib-dev cpp-httplib-devel cpp-httplib
  want - nlohmann-json3-dev json-devel nlohmann-json
  want - doctest-dev doctest-devel doctest
  want - libbenchmark-dev google-benchmark-devel google-benchmark
  install_build_tools
}

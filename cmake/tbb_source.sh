# shellcheck shell=sh
# Sourced by test.sh on Debian: sets KINDRED_TBB_SOURCE to Debian's source of oneTBB, for the tsan
# preset to build. ThreadSanitizer cannot see the locks of a library that was built without it, and
# would report a race wherever a task hands data on. Elsewhere CMake downloads the source.
. /etc/os-release
if [ "$ID" = debian ]; then
  sources=$PWD/build/tbb-source
  if [ ! -d "$sources/tree" ]; then
    mkdir -p "$sources/lists/partial" "$sources/tree"
    echo "deb-src http://deb.debian.org/debian $VERSION_CODENAME main" >"$sources/sources.list"
    source_apt() {
      say "running: apt-get $*"
      apt-get -q -o Dir::Etc::SourceList="$sources/sources.list" -o Dir::Etc::SourceParts=- \
        -o Dir::State::Lists="$sources/lists" -o APT::Sandbox::User=root "$@"
    }
    source_apt update
    (cd "$sources" && source_apt source --download-only onetbb)
    (cd "$sources/tree" && cmake -E tar xf "$sources"/onetbb_*.orig.tar.xz)
  fi
  KINDRED_TBB_SOURCE=$(echo "$sources"/tree/*)
  export KINDRED_TBB_SOURCE
fi

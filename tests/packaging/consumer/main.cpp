#include <cstdio>
#include <kindred/version.hpp>

int other_version();

int main() {
  std::printf("kindred %d.%d.%d\n", KINDRED_VERSION_MAJOR, KINDRED_VERSION_MINOR,
              KINDRED_VERSION_PATCH);
  return other_version() == KINDRED_VERSION_MINOR ? 0 : 1;
}

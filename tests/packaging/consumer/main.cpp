#include <kindred/kindred.hpp>

#include <cstdio>

int other_version();

// Two translation units include everything: what is not inline would be defined twice.
int main() {
  std::printf("kindred %d.%d.%d\n", KINDRED_VERSION_MAJOR, KINDRED_VERSION_MINOR,
              KINDRED_VERSION_PATCH);
  return other_version() == KINDRED_VERSION_MINOR ? 0 : 1;
}

#include <kindred/kindred.hpp>

int other_version() { return KINDRED_VERSION_MINOR; }

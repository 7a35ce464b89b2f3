#pragma once

/// The version of the library. CMake reads these three lines, so a release is made here and nowhere
/// else.
#define KINDRED_VERSION_MAJOR 0
#define KINDRED_VERSION_MINOR 1
#define KINDRED_VERSION_PATCH 0

#pragma once

#if defined(_WIN32)
#include <io.h>
#else
#include <unistd.h>
#endif

namespace kindred {

/// Whether a stream is shown on a terminal, where a line can be drawn anew.
enum class terminal { no, yes };

/// The streams that a process starts with.
enum class standard_stream { output = 1, error = 2 };

/// Whether std::cout, or std::cerr, goes to a terminal and not to a file or a pipe.
[[nodiscard]] inline terminal terminal_of(standard_stream stream) noexcept {
#if defined(_WIN32)
  return _isatty(static_cast<int>(stream)) != 0 ? terminal::yes : terminal::no;
#else
  return ::isatty(static_cast<int>(stream)) != 0 ? terminal::yes : terminal::no;
#endif
}

}  // namespace kindred

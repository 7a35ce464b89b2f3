#pragma once

#include <exception>
#include <string>

namespace kindred::detail::live {

/// What `work()` throws; null if it does not.
template <class Work>
[[nodiscard]] std::exception_ptr attempt(const Work& work) {
  try {
    work();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

[[nodiscard]] inline std::string message_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

}  // namespace kindred::detail::live

#pragma once

#include <kindred/data/rating_source.hpp>

#include <string>
#include <string_view>

namespace kindred::detail::live {

/// A feed that never has anything, and keeps the position of the one before it.
class no_feed {
 public:
  static void poll(rating_batch& batch) { batch.clear(); }
  [[nodiscard]] std::string position() const { return position_; }
  void seek(std::string_view position) { position_ = position; }

 private:
  std::string position_;
};

}  // namespace kindred::detail::live

#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/id_map.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kindred {

/// Which items may be recommended: those that pass every one of these.
struct recommend_options {
  /// Leaves out what the user rated in the training data (or in the ratings of `recommend_from`).
  bool exclude_seen = true;
  /// If set, nothing but these; set and empty, nothing at all. Ids that are not known are ignored.
  std::optional<std::vector<std::string>> allow{};
  /// None of these. Ids that are not known are ignored.
  std::vector<std::string> deny{};
  /// If set, only items for which it returns true. It is called with an item's id, for the
  /// candidates that score high enough, on any thread; what it throws is passed on.
  std::function<bool(std::string_view)> accept{};
};

namespace detail {

/// `recommend_options` with dense indices, made once for all users of a request.
class item_filter {
 public:
  item_filter() = default;
  /// Both must outlive the filter.
  item_filter(const recommend_options& options, const id_map& items)
      : ids_(&items),
        accept_(options.accept ? &options.accept : nullptr),
        restricted_(options.allow.has_value()) {
    denied_ = known(options.deny, items);
    if (!restricted_) return;
    const auto allowed = known(*options.allow, items);
    std::set_difference(allowed.begin(), allowed.end(), denied_.begin(), denied_.end(),
                        std::back_inserter(allowed_));
    denied_.clear();
  }

  /// The only items to look at, ascending, or nothing if that is all of them.
  [[nodiscard]] std::optional<std::span<const index>> subset() const noexcept {
    return restricted_ ? std::optional<std::span<const index>>(allowed_) : std::nullopt;
  }
  /// How many there are at most.
  [[nodiscard]] std::size_t limit(index num_items) const noexcept {
    return restricted_ ? allowed_.size() : static_cast<std::size_t>(num_items);
  }

  /// Whether items of the subset may go to one user.
  class check {
   public:
    check(const item_filter& filter, std::span<const index> seen) noexcept
        : filter_(&filter), seen_(seen), denied_(filter.denied_) {}

    [[nodiscard]] bool operator()(index item) const {
      if (std::ranges::binary_search(seen_, item) || std::ranges::binary_search(denied_, item))
        return false;
      return filter_->accept_ == nullptr || (*filter_->accept_)(filter_->ids_->id(item));
    }

   private:
    const item_filter* filter_;
    std::span<const index> seen_;
    std::span<const index> denied_;
  };

 private:
  static std::vector<index> known(const std::vector<std::string>& names, const id_map& items) {
    std::vector<index> found;
    found.reserve(names.size());
    for (const std::string& name : names)
      if (const auto item = items.find(name)) found.push_back(*item);
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  const id_map* ids_ = nullptr;
  const std::function<bool(std::string_view)>* accept_ = nullptr;
  bool restricted_ = false;
  std::vector<index> allowed_;
  std::vector<index> denied_;
};

}  // namespace detail

}  // namespace kindred

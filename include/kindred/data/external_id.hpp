#pragma once

#include <kindred/core/error.hpp>

#include <concepts>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>

namespace kindred {

/// Whatever names a user or an item from outside: text, or an integer, which stands for its digits.
template <class Id>
concept external_id =
    std::convertible_to<const Id&, std::string_view> || std::integral<std::remove_cvref_t<Id>>;

/// A contiguous range of external ids, such as a std::vector<std::string> or a std::span.
template <class Ids>
concept external_ids = !external_id<Ids> && requires(const Ids& ids) {
  { std::size(ids) } -> std::integral;
  { *std::data(ids) } -> external_id;
};

namespace detail {

template <external_id Id>
[[nodiscard]] std::string id_text(const Id& id) {
  if constexpr (std::integral<Id>)
    return to_text(id);
  else
    return std::string(std::string_view(id));
}

}  // namespace detail

}  // namespace kindred

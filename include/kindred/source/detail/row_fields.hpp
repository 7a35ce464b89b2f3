#pragma once

#include <kindred/data/external_id.hpp>
#include <kindred/source/detail/rating_field.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace kindred::detail {

/// A field of a tuple by its place, of another row by its usual name; void if the row has none.
template <rating_field Field, class Row>
constexpr decltype(auto) get_field(const Row& row) noexcept {
  using std::get;
  if constexpr (requires { std::tuple_size<Row>::value; }) {
    constexpr auto place = static_cast<std::size_t>(Field);
    if constexpr (place < std::tuple_size_v<Row>) return get<place>(row);
  } else if constexpr (Field == rating_field::user) {
    if constexpr (requires { row.user; }) return (row.user);
  } else if constexpr (Field == rating_field::item) {
    if constexpr (requires { row.item; }) return (row.item);
  } else if constexpr (Field == rating_field::rating) {
    if constexpr (requires { row.rating; })
      return (row.rating);
    else if constexpr (requires { row.value; })
      return (row.value);
  } else if constexpr (Field == rating_field::time) {
    if constexpr (requires { row.time; }) return (row.time);
  } else {
    if constexpr (requires { row.weight; }) return (row.weight);
  }
}

template <rating_field Field, class Row>
using field_of = std::remove_cvref_t<decltype(get_field<Field>(std::declval<const Row&>()))>;

template <rating_field Field, class Row>
inline constexpr bool has_field = !std::is_void_v<field_of<Field, Row>>;

template <class Value>
concept number_or_void = std::is_arithmetic_v<Value> || std::is_void_v<Value>;

/// A point in time: whole Unix seconds, or of the system's clock.
template <class Time>
concept time_or_void = std::is_void_v<Time> || std::integral<Time> || requires(const Time& time) {
  { std::chrono::floor<std::chrono::seconds>(time) } -> std::same_as<std::chrono::sys_seconds>;
};

/// What a rating can be read from.
template <class Row>
concept rating_row = external_id<field_of<rating_field::user, Row>> &&
    external_id<field_of<rating_field::item, Row>> &&
    number_or_void<field_of<rating_field::rating, Row>> &&
    time_or_void<field_of<rating_field::time, Row>> &&
    number_or_void<field_of<rating_field::weight, Row>>;

/// Makes a row of what several projections (members, functions) see in an element.
template <class... Projections>
struct joined_projection {
  std::tuple<Projections...> projections;

  template <class Element>
  [[nodiscard]] auto operator()(Element& element) const {
    return std::apply(
        [&](const Projections&... projection) {
          return std::tuple<std::invoke_result_t<const Projections&, Element&>...>(
              std::invoke(projection, element)...);
        },
        projections);
  }
};

}  // namespace kindred::detail

#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/option_fields.hpp>
#include <kindred/core/value_text.hpp>

#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kindred {

/// Writes fields to a model file. A list has its size and its elements by their numbers, a variant
/// the name of what it holds; "none" is an optional that is empty, and infinity.
template <class Writer>
class option_writer {
 public:
  explicit option_writer(Writer& out) noexcept : out_(out) {}

  template <class Value>
  void operator()(std::string_view name, const Value& value) const {
    if constexpr (std::is_floating_point_v<Value>) {
      if (value == std::numeric_limits<Value>::infinity()) return out_.set(name, none);
    }
    if constexpr (std::is_arithmetic_v<Value> || std::is_enum_v<Value> ||
                  std::is_same_v<Value, std::string>) {
      out_.set(name, value);
    } else {
      set_nested(name, value);
    }
  }
  template <class Element>
  void operator()(std::string_view name, const std::vector<Element>& list) const {
    out_.set(name, list.size());
    for (std::size_t k = 0; k < list.size(); ++k) (*this)(numbered(name, k), list[k]);
  }
  template <class Value>
  void operator()(std::string_view name, const std::optional<Value>& value) const {
    if (value)
      (*this)(name, *value);
    else
      out_.set(name, none);
  }
  template <class... Options>
  void operator()(std::string_view name, const std::variant<Options...>& chosen) const {
    std::visit(
        [&](const auto& options) {
          out_.set(name, options.name);
          set_nested(name, options);
        },
        chosen);
  }

  static constexpr std::string_view none = "none";
  [[nodiscard]] static std::string numbered(std::string_view name, std::size_t k) {
    return std::string(name) + detail::to_text(k);
  }

 private:
  template <class Options>
  void set_nested(std::string_view name, const Options& options) const {
    auto nested = out_.nested(name);
    for_each_option(options, option_writer<decltype(nested)>(nested));
  }

  Writer& out_;
};

/// Reads what option_writer wrote; whoever reads checks the options. Throws data_error for the name
/// of nothing that a variant may hold.
template <class Reader>
class option_reader {
 public:
  explicit option_reader(const Reader& in) noexcept : in_(in) {}

  template <class Value>
  void operator()(std::string_view name, Value& value) const {
    if constexpr (std::is_floating_point_v<Value>) {
      const bool finite = in_.template get<std::string>(name) != format::none;
      value = finite ? in_.template get<Value>(name) : std::numeric_limits<Value>::infinity();
    } else if constexpr (std::is_arithmetic_v<Value> || std::is_enum_v<Value> ||
                         std::is_same_v<Value, std::string>) {
      value = in_.template get<Value>(name);
    } else {
      for_each_option(value, option_reader(in_.nested(name)));
    }
  }
  template <class Element>
  void operator()(std::string_view name, std::vector<Element>& list) const {
    list.clear();
    const auto size = in_.template get<std::size_t>(name);
    for (std::size_t k = 0; k < size; ++k) (*this)(format::numbered(name, k), list.emplace_back());
  }
  template <class Value>
  void operator()(std::string_view name, std::optional<Value>& value) const {
    value.reset();
    if (in_.template get<std::string>(name) != format::none) (*this)(name, value.emplace());
  }
  template <class... Options>
  void operator()(std::string_view name, std::variant<Options...>& chosen) const {
    const auto kind = in_.template get<std::string>(name);
    if (!(choose<Options>(kind, chosen) || ...))
      throw data_error(std::string(name) + " is unknown: " + detail::quoted(kind));
    const option_reader nested(in_.nested(name));
    std::visit([&](auto& options) { for_each_option(options, nested); }, chosen);
  }

 private:
  using format = option_writer<int>;

  template <class Options, class Variant>
  [[nodiscard]] static bool choose(std::string_view kind, Variant& chosen) {
    if (kind != Options::name) return false;
    chosen.template emplace<Options>();
    return true;
  }

  Reader in_;
};

/// The options as text, name by name: what option_writer would write.
class option_texts {
 public:
  template <class Options>
  [[nodiscard]] static std::vector<std::pair<std::string, std::string>> of(const Options& options) {
    std::vector<std::pair<std::string, std::string>> all;
    option_texts out(all, "");
    for_each_option(options, option_writer<option_texts>(out));
    return all;
  }

  template <class Value>
  void set(std::string_view name, const Value& value) {
    all_.emplace_back(prefix_ + std::string(name), detail::value_text(value));
  }
  [[nodiscard]] option_texts nested(std::string_view name) const {
    return {all_, prefix_ + std::string(name) + '.'};
  }

 private:
  using list = std::vector<std::pair<std::string, std::string>>;

  option_texts(list& all, std::string prefix) : all_(all), prefix_(std::move(prefix)) {}

  list& all_;
  std::string prefix_;
};

/// Writes all options, each under its name, to a model file.
template <class Writer, class Options>
void write_options(Writer& out, const Options& options) {
  for_each_option(options, option_writer(out));
}
/// Reads what write_options wrote; whoever reads checks the options.
template <class Options, class Reader>
[[nodiscard]] Options read_options(const Reader& in) {
  Options options;
  for_each_option(options, option_reader(in));
  return options;
}

}  // namespace kindred

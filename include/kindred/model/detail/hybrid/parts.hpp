#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/model/concepts.hpp>
#include <kindred/train/fit_options.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace kindred::detail {

template <class Model>
concept trainable = requires(Model& model, const dataset& train, const fit_options& fit) {
  model.fit(train, fit);
};

/// The models that a hybrid is made of, all of one size.
template <class... Models>
class parts {
 public:
  static constexpr std::size_t count = sizeof...(Models);

  /// Throws data_error if the models differ in size, as a fitted and an unfitted one do.
  explicit parts(std::string_view hybrid, Models... models) : models_(std::move(models)...) {
    std::apply([&](const auto&... model) { (require_size_of(hybrid, model), ...); }, models_);
  }

  /// Throws data_error unless `other`, a model or ratings, is of the same size.
  template <class Other>
  void require_size_of(std::string_view hybrid, const Other& other) const {
    if (other.num_users() == num_users() && other.num_items() == num_items()) return;
    throw data_error(std::string(hybrid) + ": sizes differ: " + to_text(num_users()) +
                     " users and " + to_text(num_items()) + " items, " +
                     to_text(other.num_users()) + " and " + to_text(other.num_items()));
  }

  /// Fits one after another.
  void fit(const dataset& train, const fit_options& fit) {
    std::apply([&](auto&... model) { (model.fit(train, fit), ...); }, models_);
  }

  [[nodiscard]] index num_users() const noexcept { return get<0>().num_users(); }
  [[nodiscard]] index num_items() const noexcept { return get<0>().num_items(); }
  template <std::size_t Part>
  [[nodiscard]] const auto& get() const noexcept {
    return std::get<Part>(models_);
  }

  /// Calls `f(model)` for each.
  template <class Function>
  void for_each(const Function& f) const {
    std::apply([&](const auto&... model) { (f(model), ...); }, models_);
  }
  [[nodiscard]] std::array<double, count> predict(index user, index item) const noexcept {
    return std::apply(
        [&](const auto&... model) {
          return std::array{static_cast<double>(model.predict(user, item))...};
        },
        models_);
  }

  template <class Writer>
  void write(Writer& out) const {
    std::size_t part = 0;
    for_each([&](const auto& model) { out.add(name(part++), model); });
  }
  template <class Reader>
  [[nodiscard]] static parts read(std::string_view hybrid, const Reader& in) {
    std::size_t part = 0;
    const auto next = [&] { return name(part++); };
    return parts{hybrid, in.template part<Models>(next())...};  // braces: from left to right
  }

 private:
  static std::string name(std::size_t part) { return "part" + to_text(part); }

  std::tuple<Models...> models_;
};

}  // namespace kindred::detail

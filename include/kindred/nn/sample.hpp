#pragma once

#include <kindred/core/types.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_encoder.hpp>

#include <cstddef>
#include <span>

namespace kindred::nn {

/// Who is asked about what, and in which contexts: one slot for each of the encoder's, or none if
/// they are unknown. Of a hidden user or item all is seen but the id.
struct sample {
  index user = unknown_index;
  index item = unknown_index;
  std::span<const index> contexts{};
  bool hides_user = false;
  bool hides_item = false;
};

namespace detail {

/// The first field stands for the id.
template <class Function>
void for_each_field_of(const encoded_row& row, const feature_field* id_hidden, std::size_t first,
                       const Function& f) {
  constexpr float one = 1;
  for (std::size_t k = 0; k < row.fields(); ++k)
    if (k == 0 && id_hidden != nullptr)
      f(first, encoded_entries{{&id_hidden->first_slot, 1}, {&one, 1}});
    else
      f(first + k, row[k]);
}

}  // namespace detail

/// Calls `f(field, entries)` for each field: those of users, of items, and of contexts. What is
/// hidden must have an id. `users` and `items` are encoded by `features`.
template <class Function>
void for_each_field(const feature_encoder& features, const encoded_rows& users,
                    const encoded_rows& items, const sample& of, const Function& f) {
  const auto user_fields = features.user_fields();
  const auto item_fields = features.item_fields();
  detail::for_each_field_of(users[of.user], of.hides_user ? user_fields.data() : nullptr, 0, f);
  detail::for_each_field_of(items[of.item], of.hides_item ? item_fields.data() : nullptr,
                            user_fields.size(), f);
  constexpr float one = 1;
  for (std::size_t c = 0; c < features.context_fields().size(); ++c) {
    const index slot =
        c < of.contexts.size() ? of.contexts[c] : features.context_slot(c, unknown_index);
    f(user_fields.size() + item_fields.size() + c, encoded_entries{{&slot, 1}, {&one, 1}});
  }
}
/// The same for those that `features` learnt from.
template <class Function>
void for_each_field(const feature_encoder& features, const sample& of, const Function& f) {
  for_each_field(features, features.users(), features.items(), of, f);
}

}  // namespace kindred::nn

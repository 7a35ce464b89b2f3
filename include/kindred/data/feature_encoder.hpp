#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/context.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/side_encoder.hpp>
#include <kindred/data/encoded_rows.hpp>
#include <kindred/data/feature_field.hpp>
#include <kindred/data/feature_table.hpp>
#include <kindred/data/features.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred {

/// Turns users, items and contexts into sparse rows over one space of slots, as in libFM (Rendle,
/// "Factorization machines with libFM", TIST 3(3), 2012). Slots are numbered field by field: the
/// user's id, the columns of users, the item's id, the columns of items, the contexts.
///
/// A field of ids has a slot for each that has training ratings, one of a context a slot for each
/// value, and one of a column what feature_encoding says. All but those of numbers and of buckets
/// start with a slot for what is out of vocabulary. No training rating has it, unless a min_count
/// puts some there. An unknown user or item has that slot of the id and of each category, and
/// nothing else.
///
/// Immutable, safe to read from any thread. It keeps no feature table; copies share the rows and
/// the vocabularies.
class feature_encoder {
 public:
  static constexpr std::string_view kind = "feature_encoder";

  /// No fields, and nothing known.
  feature_encoder() = default;

  /// Learns vocabularies, means and deviations from those who have ratings in `train`, and encodes
  /// all who are in it or in the tables. O(values in the tables). Throws what check_options()
  /// throws, and data_error if a table with selected columns has fewer rows than `train` has users
  /// or items, or if there are more than 2^31 - 1 slots.
  feature_encoder(const feature_set& features, const dataset& train) {
    check_options(features);
    users_ = {"users", features.users, features.user_ids, train.user_offsets(), 0};
    items_ = {"items", features.items, features.item_ids, train.item_offsets(), users_.end_slot()};
    for (const context_feature& c : features.context) add_context(c.name, c.context.count());
  }

  /// The rows of users and items by their index.
  [[nodiscard]] const encoded_rows& users() const noexcept { return users_.rows(); }
  [[nodiscard]] const encoded_rows& items() const noexcept { return items_.rows(); }

  /// The rows of users, or items, who were not there in training but bring their features: their
  /// ids are out of vocabulary. Throws data_error if the table lacks a column, or has it in another
  /// kind.
  [[nodiscard]] encoded_rows encode_users(const feature_table& table) const {
    return users_.encode("users", table);
  }
  [[nodiscard]] encoded_rows encode_items(const feature_table& table) const {
    return items_.encode("items", table);
  }

  /// The slot of a value of a context; the one out of vocabulary for any other number, such as
  /// `unknown_index`. Precondition: context < context_fields().size().
  [[nodiscard]] index context_slot(std::size_t context, int value) const noexcept {
    const feature_field& field = contexts_[context];
    return field.first_slot + (value >= 0 && value < field.slots - 1 ? value + 1 : 0);
  }

  /// The context slots of each row of `data`, in its order: `contexts.size()` a row. O(ratings).
  /// Throws data_error if the contexts are not those of which the encoder was made, or what
  /// contexts_of() throws.
  [[nodiscard]] aligned_vector<index> context_slots(std::span<const context_feature> contexts,
                                                    const dataset& data) const {
    require_contexts(contexts);
    aligned_vector<index> slots(data.size() * contexts.size());
    for (std::size_t c = 0; c < contexts.size(); ++c) {
      const auto values = contexts_of(data, contexts[c].context);
      for (std::size_t row = 0; row < values.size(); ++row)
        slots[row * contexts.size() + c] = context_slot(c, values[row]);
    }
    return slots;
  }

  [[nodiscard]] std::span<const feature_field> user_fields() const noexcept {
    return users_.fields();
  }
  [[nodiscard]] std::span<const feature_field> item_fields() const noexcept {
    return items_.fields();
  }
  [[nodiscard]] std::span<const feature_field> context_fields() const noexcept { return contexts_; }
  /// Whether the first field of a side is that of ids, whose first slot is out of vocabulary.
  [[nodiscard]] bool has_user_ids() const noexcept { return users_.has_ids(); }
  [[nodiscard]] bool has_item_ids() const noexcept { return items_.has_ids(); }
  /// Whether there are fields beside those of ids.
  [[nodiscard]] bool has_features() const noexcept {
    return users_.fields().size() > (users_.has_ids() ? 1U : 0U) ||
           items_.fields().size() > (items_.has_ids() ? 1U : 0U) || !contexts_.empty();
  }

  /// Number of slots of all fields.
  [[nodiscard]] index slots() const noexcept {
    return contexts_.empty() ? items_.end_slot() : contexts_.back().end_slot();
  }

  /// Of contexts, names and counts are saved, not their functions.
  template <class Writer>
  void write(Writer& out) const {
    out.add("users", users_);
    out.add("items", items_);
    out.set("contexts", contexts_.size());
    for (std::size_t c = 0; c < contexts_.size(); ++c) {
      out.set(context_name(c), contexts_[c].name);
      out.set(context_name(c) + "_count", contexts_[c].slots - 1);
    }
  }
  /// Throws data_error for what contradicts itself.
  template <class Reader>
  [[nodiscard]] static feature_encoder read(const Reader& in) {
    feature_encoder result;
    result.users_ = in.template part<detail::side_encoder>("users");
    result.items_ = in.template part<detail::side_encoder>("items");
    if (result.users_.first_slot() != 0 || result.items_.first_slot() != result.users_.end_slot())
      throw data_error("features: slots of users and items are not neighbours");
    const auto contexts = in.template get<std::size_t>("contexts");
    for (std::size_t c = 0; c < contexts; ++c) {
      const auto count = in.template get<int>(context_name(c) + "_count");
      require_option(count >= 1 && count <= rating_context::most, "count", count, "[1, 256]");
      result.add_context(in.template get<std::string>(context_name(c)), count);
    }
    return result;
  }

 private:
  static std::string context_name(std::size_t context) {
    return "context" + detail::to_text(context);
  }

  void require_contexts(std::span<const context_feature> contexts) const {
    const auto describe = [](const auto& list, const auto& count_of) {
      std::string text;
      for (const auto& c : list)
        text += (text.empty() ? "" : ", ") + c.name + " of " + detail::to_text(count_of(c));
      return text.empty() ? "none" : text;
    };
    const auto given = describe(contexts, [](const auto& c) { return c.context.count(); });
    const auto known = describe(contexts_, [](const auto& field) { return field.slots - 1; });
    if (given != known)
      throw data_error("the contexts are " + given + ", those in training were " + known);
  }

  void add_context(std::string name, int count) {
    contexts_.push_back(detail::make_field(std::move(name), slots(), std::int64_t{1} + count));
  }

  detail::side_encoder users_;
  detail::side_encoder items_;
  std::vector<feature_field> contexts_;
};

}  // namespace kindred

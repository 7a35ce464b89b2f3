#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/build.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/detail/assemble.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/data/merge.hpp>
#include <kindred/serve/detail/live/updater.hpp>
#include <kindred/serve/item_storage.hpp>
#include <kindred/serve/recommender.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kindred::detail::live {

/// A list of a file that has one element a row, or none where that is allowed.
template <class T, class Reader>
[[nodiscard]] shared_array<T> read_column(const Reader& in, const char* name, std::size_t rows,
                                          bool optional) {
  auto column = in.template array<T>(name);
  if (column.size() != rows && !(optional && column.empty()))
    throw data_error(std::string(name) + " and ratings differ in number");
  return column;
}

template <class Writer>
void write_progress(Writer& out, const fit_progress& progress) {
  out.set("fitted", progress.fitted);
  out.set("since_fit", progress.since_fit);
  const std::map<index, index> changes(progress.item_changes.begin(), progress.item_changes.end());
  aligned_vector<index> items;
  aligned_vector<index> counts;
  for (const auto& [item, count] : changes) {
    items.push_back(item);
    counts.push_back(count);
  }
  out.add("grown_items", shared_array<index>(std::move(items)), {changes.size()});
  out.add("grown_by", shared_array<index>(std::move(counts)), {changes.size()});
}

template <class Reader>
[[nodiscard]] fit_progress read_progress(const Reader& in) {
  fit_progress progress;
  progress.fitted = in.template get<std::size_t>("fitted");
  progress.since_fit = in.template get<std::size_t>("since_fit");
  const auto items = in.template array<index>("grown_items");
  const auto counts = read_column<index>(in, "grown_by", items.size(), false);
  for (std::size_t n = 0; n < items.size(); ++n) progress.item_changes[items[n]] = counts[n];
  return progress;
}

/// Writes a base: the recommender, whose lists of seen items are the rows of the ratings, and what
/// else there is of them.
template <class Writer, class Model>
void write_base(Writer& out, const new_base<Model>& base) {
  const dataset_storage& ratings = base.ratings.storage();
  out.add("recommender", *base.served);
  out.add("values", ratings.row_values, {ratings.row_values.size()});
  out.add("times", ratings.row_times, {ratings.row_times.size()});
  out.add("weights", ratings.row_weights, {ratings.row_weights.size()});
  write_progress(out, base.progress);
}

template <class Model, class Reader>
[[nodiscard]] new_base<Model> read_base(const Reader& in, item_storage storage) {
  auto served = std::make_shared<const recommender<Model>>(
      in.template part<recommender<Model>>("recommender").with_storage(storage));
  const auto part = in.nested("recommender");
  dataset_storage ratings;
  ratings.users = served->users();
  ratings.items = served->items();
  ratings.user_offsets = part.template array<index>("seen_offsets");
  ratings.row_items = part.template array<index>("seen_items");
  const std::size_t rows = ratings.row_items.size();
  ratings.row_values = read_column<float>(in, "values", rows, false);
  ratings.row_times = read_column<std::int64_t>(in, "times", rows, true);
  ratings.row_weights = read_column<float>(in, "weights", rows, true);
  if (std::any_of(ratings.row_weights.begin(), ratings.row_weights.end(),
                  [](float weight) { return !(weight > 0); }))
    throw data_error("a weight is not positive");
  return {std::move(served), assemble(std::move(ratings)), read_progress(in)};
}

/// Throws data_error unless `ids` begin with those that are `known`.
inline id_map extended_ids(const id_map& known, id_map ids) {
  bool sound = ids.size() >= known.size();
  for (index i = 0; sound && i < known.size(); ++i) sound = ids.id(i) == known.id(i);
  if (!sound) throw data_error("the ids do not begin with those of the recommender");
  return ids;
}

/// Ratings that are not in the base.
template <class Writer>
void write_changes(Writer& out, const std::vector<rating_change>& changes) {
  const auto column = [&]<class T>(const char* name, T rating_change::*member) {
    aligned_vector<T> values;
    for (const rating_change& change : changes) values.push_back(change.*member);
    out.add(name, shared_array<T>(std::move(values)), {changes.size()});
  };
  column("changed_users", &rating_change::user);
  column("changed_items", &rating_change::item);
  column("changed_values", &rating_change::value);
  column("changed_weights", &rating_change::weight);
  column("changed_times", &rating_change::time);
}

/// Throws data_error for a change that has no id, or a weight that is not positive.
template <class Reader>
[[nodiscard]] std::vector<rating_change> read_changes(const Reader& in, index users, index items) {
  const auto user = in.template array<index>("changed_users");
  const auto item = read_column<index>(in, "changed_items", user.size(), false);
  const auto value = read_column<float>(in, "changed_values", user.size(), false);
  const auto weight = read_column<float>(in, "changed_weights", user.size(), false);
  const auto time = read_column<std::int64_t>(in, "changed_times", user.size(), false);
  check_indices(user.span(), users, "user");
  check_indices(item.span(), items, "item");
  std::vector<rating_change> changes;
  for (std::size_t n = 0; n < user.size(); ++n) {
    if (!(weight[n] > 0)) throw data_error("a weight is not positive");
    changes.push_back({user[n], item[n], value[n], weight[n], time[n]});
  }
  return changes;
}

}  // namespace kindred::detail::live

#pragma once

#include <kindred/core/error.hpp>
#include <kindred/data/dataset.hpp>
#include <kindred/data/feature_table.hpp>
#include <kindred/data/load.hpp>
#include <kindred/data/load_options.hpp>
#include <kindred/data/split.hpp>
#include <kindred/source/csv.hpp>
#include <kindred/source/detail/movielens_tables.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

/// The movie ratings that GroupLens publishes (Harper, Konstan, "The MovieLens datasets: history
/// and context", TiiS 5(4), 2015), read from the folder that an archive unpacks to.
///
///     const auto [kind, ratings, users, items] = kindred::movielens::load("ml-latest-small");
///     items.text("title")[*ratings.items().find("1")];  // "Toy Story (1995)"
namespace kindred::movielens {

/// What the files of a folder are called and how they are written.
enum class edition {
  ml_100k,  ///< u.data, u.user, u.item, u.genre
  ml_1m,    ///< ratings.dat, users.dat, movies.dat
  ml_10m,   ///< ratings.dat, movies.dat
  csv       ///< ratings.csv, movies.csv: 20M, 25M, 32M, latest, latest-small
};

/// Ratings, and what is known of those who gave and got them. Row r of `users` belongs to index r
/// of `ratings.users()`, and likewise of `items`; who is not in a table has a row without values,
/// and movies that nobody rated have none.
struct data_set {
  edition kind = edition::csv;
  dataset ratings;
  /// age (numeric; ml_1m has the youngest of a group: 1, 18, 25, 35, 45, 50, 56), gender,
  /// occupation, zip (categorical). No columns in ml_10m and csv.
  feature_table users;
  /// title (text in UTF-8, with its year), year (numeric, from the title), genres (multi-hot;
  /// "unknown" and "(no genres listed)" are none).
  feature_table items;
};

namespace detail {

[[nodiscard]] inline bool has_file(const std::string& folder, std::string_view name) {
  std::FILE* const file = std::fopen((folder + '/' + std::string(name)).c_str(), "rb");
  return file != nullptr && std::fclose(file) == 0;
}

[[nodiscard]] inline csv_source ratings_of(edition kind, const std::string& folder) {
  if (kind == edition::ml_100k)
    return csv_source(folder + "/u.data", {.delimiter = "\t", .header = csv_header::absent});
  if (kind == edition::csv)
    return csv_source(folder + "/ratings.csv", {.delimiter = ",", .header = csv_header::present});
  return csv_source(folder + "/ratings.dat", {.delimiter = "::", .header = csv_header::absent});
}

[[nodiscard]] inline feature_table users_of(edition kind, const std::string& folder,
                                            const id_map& ids) {
  if (kind == edition::ml_100k) return read_u_user(folder + "/u.user", ids);
  if (kind == edition::ml_1m) return read_users_dat(folder + "/users.dat", ids);
  return feature_table(ids.size());
}

[[nodiscard]] inline feature_table items_of(edition kind, const std::string& folder,
                                            const id_map& ids) {
  if (kind == edition::csv) return read_movies_csv(folder + "/movies.csv", ids);
  if (kind != edition::ml_100k)
    return read_movies_dat(folder + "/movies.dat", kind == edition::ml_1m, ids);
  const auto genres = read_u_genre(folder + "/u.genre");
  return read_u_item(folder + "/u.item", genres, ids);
}

}  // namespace detail

/// Which edition a folder holds, by the names of its files. Throws io_error if it is none.
[[nodiscard]] inline edition recognise(const std::string& folder) {
  if (detail::has_file(folder, "u.data")) return edition::ml_100k;
  if (detail::has_file(folder, "ratings.dat"))
    return detail::has_file(folder, "users.dat") ? edition::ml_1m : edition::ml_10m;
  if (detail::has_file(folder, "ratings.csv")) return edition::csv;
  throw io_error(folder,
                 "no MovieLens here: it has no readable u.data (100K), ratings.dat (1M, 10M) or "
                 "ratings.csv (20M, 25M, 32M, latest)");
}

/// The ratings alone, for kindred::load(). Throws io_error, format_error.
[[nodiscard]] inline csv_source ratings_source(const std::string& folder) {
  return detail::ratings_of(recognise(folder), folder);
}

/// Reads a folder whole. Options are for the ratings, as kindred::load() takes them; `report`
/// tells what became of these. A table is read strictly, whatever the options: its first bad row
/// throws format_error with file, line, column and value. Throws io_error if the folder is no
/// MovieLens or lacks a file of its edition, and what kindred::load() throws.
[[nodiscard]] inline data_set load(const std::string& folder, const load_options& options,
                                   load_report& report) {
  const edition kind = recognise(folder);
  dataset ratings = kindred::load(detail::ratings_of(kind, folder), options, report);
  feature_table users = detail::users_of(kind, folder, ratings.users());
  feature_table items = detail::items_of(kind, folder, ratings.items());
  return {kind, std::move(ratings), std::move(users), std::move(items)};
}

[[nodiscard]] inline data_set load(const std::string& folder, const load_options& options = {}) {
  load_report report;
  return load(folder, options, report);
}

/// A split that ml-100k comes with: u1 .. u5, the folds of its cross-validation, or ua and ub, with
/// ten ratings of each user held out. Its ids are those of load(folder).ratings at the same
/// indices, so that the feature tables fit. Throws option_error for another name, io_error,
/// format_error.
[[nodiscard]] inline split load_fold(const std::string& folder, std::string_view name) {
  constexpr std::array<std::string_view, 7> names = {"u1", "u2", "u3", "u4", "u5", "ua", "ub"};
  require_option(std::find(names.begin(), names.end(), name) != names.end(), "fold", name,
                 "{u1, u2, u3, u4, u5, ua, ub}");
  const load_options with_ids{.extend =
                                  kindred::load(detail::ratings_of(edition::ml_100k, folder))};
  const auto part = [&](const char* suffix) {
    const std::string path = folder + '/' + std::string(name) + suffix;
    return kindred::load(csv_source(path, {.delimiter = "\t", .header = csv_header::absent}),
                         with_ids);
  };
  return {part(".base"), part(".test")};
}

}  // namespace kindred::movielens

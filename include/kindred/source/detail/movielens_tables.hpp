#pragma once

#include <kindred/core/error.hpp>
#include <kindred/core/shared_array.hpp>
#include <kindred/core/types.hpp>
#include <kindred/data/feature_columns.hpp>
#include <kindred/data/feature_table.hpp>
#include <kindred/data/id_map.hpp>
#include <kindred/source/detail/number.hpp>
#include <kindred/source/detail/split_text.hpp>
#include <kindred/source/detail/table_reader.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kindred::movielens::detail {

using kindred::detail::split_text;
using kindred::detail::table_reader;

/// The last "(1995)" of a title, behind which there may be a space or "(V)"; NaN if there is none.
[[nodiscard]] inline float year_of(std::string_view title) noexcept {
  float year = std::numeric_limits<float>::quiet_NaN();
  for (std::size_t i = 0; i + 6 <= title.size(); ++i) {
    std::int64_t number = 0;
    if (title[i] == '(' && title[i + 5] == ')' &&
        kindred::detail::parse_digits(title.substr(i + 1, 4), title.data() + title.size(), number))
      year = static_cast<float>(number);
  }
  return year;
}

/// Gathers what tables say of movies, in the order of `ids`; other movies are passed over, and of
/// several rows of one the last counts.
class movie_features {
 public:
  explicit movie_features(const id_map& ids)
      : ids_(ids),
        titles_(static_cast<std::size_t>(ids.size())),
        years_(titles_.size(), std::numeric_limits<float>::quiet_NaN()),
        genres_(titles_.size()) {}

  void add(std::string_view id, std::string title, std::vector<std::string> genres) {
    const auto found = ids_.find(id);
    if (!found) return;
    const auto row = static_cast<std::size_t>(*found);
    std::erase_if(genres, [](const std::string& genre) {
      return genre == "unknown" || genre == "(no genres listed)";
    });
    years_[row] = year_of(title);
    titles_[row] = std::move(title);
    genres_[row] = std::move(genres);
  }

  [[nodiscard]] feature_table finish() {
    feature_table table(ids_.size());
    table.add("title", text_column(titles_));
    table.add("year", numeric_column(std::move(years_)));
    table.add("genres", multi_hot_column(genres_));
    return table;
  }

 private:
  const id_map& ids_;
  std::vector<std::string> titles_;
  aligned_vector<float> years_;
  std::vector<std::vector<std::string>> genres_;
};

/// Likewise of users.
class user_features {
 public:
  explicit user_features(const id_map& ids)
      : ids_(ids),
        ages_(static_cast<std::size_t>(ids.size()), std::numeric_limits<float>::quiet_NaN()),
        genders_(ages_.size()),
        occupations_(ages_.size()),
        zips_(ages_.size()) {}

  void add(std::string_view id, int age, std::string gender, std::string occupation,
           std::string zip) {
    const auto found = ids_.find(id);
    if (!found) return;
    const auto row = static_cast<std::size_t>(*found);
    ages_[row] = static_cast<float>(age);
    genders_[row] = std::move(gender);
    occupations_[row] = std::move(occupation);
    zips_[row] = std::move(zip);
  }

  [[nodiscard]] feature_table finish() {
    feature_table table(ids_.size());
    table.add("age", numeric_column(std::move(ages_)));
    table.add("gender", categorical_column(genders_));
    table.add("occupation", categorical_column(occupations_));
    table.add("zip", categorical_column(zips_));
    return table;
  }

 private:
  const id_map& ids_;
  aligned_vector<float> ages_;
  std::vector<std::string> genders_;
  std::vector<std::string> occupations_;
  std::vector<std::string> zips_;
};

// The tables of each edition. Each function throws what table_reader does.

/// u.user: id | age | gender | occupation | zip.
[[nodiscard]] inline feature_table read_u_user(const std::string& path, const id_map& ids) {
  user_features users(ids);
  table_reader row(path, {{.delimiter = "|", .quoted = false}, 5, true});
  while (row.next())
    users.add(row.id(1, "user id"), row.integer(2, 0, 150, "age"), row.text(3), row.text(4),
              row.text(5));
  return users.finish();
}

/// users.dat: id :: gender :: age :: number of the occupation :: zip.
[[nodiscard]] inline feature_table read_users_dat(const std::string& path, const id_map& ids) {
  const auto occupations = split_text(
      "other|academic/educator|artist|clerical/admin|college/grad student|customer service|"
      "doctor/health care|executive/managerial|farmer|homemaker|K-12 student|lawyer|programmer|"
      "retired|sales/marketing|scientist|self-employed|technician/engineer|tradesman/craftsman|"
      "unemployed|writer",
      '|');
  const int last = static_cast<int>(occupations.size()) - 1;
  user_features users(ids);
  table_reader row(path, {{.delimiter = "::", .quoted = false}, 5, true});
  while (row.next()) {
    const auto occupation = static_cast<std::size_t>(row.integer(4, 0, last, "occupation"));
    users.add(row.id(1, "user id"), row.integer(3, 0, 150, "age"), row.text(2),
              occupations[occupation], row.text(5));
  }
  return users.finish();
}

/// u.genre: name | its number, in the order of the flags.
[[nodiscard]] inline std::vector<std::string> read_u_genre(const std::string& path) {
  std::vector<std::string> names;
  table_reader row(path, {{.delimiter = "|", .quoted = false}, 2, true});
  while (row.next()) {
    if (row.text(2) != kindred::detail::to_text(names.size()))
      row.fail(2, "number of the genre is out of order");
    names.push_back(row.text(1));
  }
  return names;
}

/// u.item: id | title | release | video release | URL | a flag for each of `genre_names`.
[[nodiscard]] inline feature_table read_u_item(const std::string& path,
                                               const std::vector<std::string>& genre_names,
                                               const id_map& ids) {
  constexpr std::size_t flags = 6;
  movie_features movies(ids);
  table_reader row(path,
                   {{.delimiter = "|", .quoted = false}, flags - 1 + genre_names.size(), true});
  while (row.next()) {
    std::vector<std::string> genres;
    for (std::size_t g = 0; g < genre_names.size(); ++g)
      if (row.integer(flags + g, 0, 1, "genre flag") == 1) genres.push_back(genre_names[g]);
    movies.add(row.id(1, "movie id"), row.text(2), std::move(genres));
  }
  return movies.finish();
}

[[nodiscard]] inline feature_table read_movies(table_reader& row, const id_map& ids) {
  movie_features movies(ids);
  while (row.next()) movies.add(row.id(1, "movie id"), row.text(2), split_text(row.text(3), '|'));
  return movies.finish();
}

/// movies.dat: id :: title :: genres.
[[nodiscard]] inline feature_table read_movies_dat(const std::string& path, bool is_latin1,
                                                   const id_map& ids) {
  table_reader row(path, {{.delimiter = "::", .quoted = false}, 3, is_latin1});
  return read_movies(row, ids);
}

/// movies.csv: movieId,title,genres below a line that says so.
[[nodiscard]] inline feature_table read_movies_csv(const std::string& path, const id_map& ids) {
  table_reader row(path, {.columns = 3});
  if (row.next() && row.text(1) != "movieId")
    row.fail(1, "the first line does not name the columns movieId,title,genres");
  return read_movies(row, ids);
}

}  // namespace kindred::movielens::detail

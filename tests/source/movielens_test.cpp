#include <kindred/core/error.hpp>
#include <kindred/data/load.hpp>
#include <kindred/source/movielens.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../ml_100k.hpp"
#include "../temporary_folder.hpp"
#include "support.hpp"

namespace kindred::movielens_test {

using namespace test;

namespace {

using movielens::edition;
using files = std::vector<std::pair<std::string, std::string>>;

/// A folder with these files.
class movielens_folder : public temporary_folder {
 public:
  explicit movielens_folder(const files& contents) {
    for (const auto& [name, content] : contents) static_cast<void>(write(name, content));
  }
  /// With one of the files changed.
  movielens_folder(files contents, const std::string& name, const std::string& content)
      : movielens_folder(contents) {
    static_cast<void>(write(name, content));
  }
};

/// Two movies in three genres; that without a name is rated, too.
const files ml_100k_files{
    {"u.data", "7\t2\t3\t881250949\n5\t1\t5\t891717742\n7\t1\t4\t878887116\n5\t9\t1\t878887117\n"},
    {"u.user", "5|24|M|technician|85711\n6|53|F|other|94043\n7|33|F|writer|T8H1N\n"},
    {"u.genre", "unknown|0\nAction|1\nFilm-Noir|2\n\n"},
    {"u.item",
     "1|Toy Story (1995)|01-Jan-1995||http://a.b/(1995)|0|1|1\n"
     "2|Mis\xE9rables, Les (1995)|01-Jan-1995||http://a.b|0|0|1\n"
     "3|Not rated (1990)|01-Jan-1990||http://a.b|0|1|0\n"
     "9|unknown||||1|0|0\n"}};

const files ml_1m_files{
    {"ratings.dat", "1::10::5::978300760\n2::11::3::978302109\n"},
    {"users.dat", "1::F::1::10::48067\n2::M::56::16::70072-1234\n"},
    {"movies.dat",
     "10::City of Lost Children, The (Cit\xE9 des enfants perdus, La) (1995)::Adventure|Sci-Fi\n"
     "11::\"Who\" (1999) (V)::Children's\n"}};

const files ml_10m_files{
    {"ratings.dat", "1::122::4.5::838985046\n1::185::0.5::838983525\n"},
    {"movies.dat", "122::Am\xC3\xA9lie: A|B (2001)::Comedy|Romance\n185::X::(no genres listed)\n"}};

const files csv_files{
    {"ratings.csv",
     "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n1,7789,3.0,1260759179\n"
     "2,31,4.0,835355493\n2,999,1.0,835355494\n"},
    {"movies.csv",
     "movieId,title,genres\n31,\"Am\xC3\xA9lie, or not (2001) \",Comedy|Romance\n"
     "7789,\"11'09\"\"01 - September 11 (2002)\",(no genres listed)\n5,Unrated (1980),Drama\n"}};

std::string text_of(const multi_hot_column& genres, index row) {
  std::string text;
  for (const index genre : genres[row])
    text += (text.empty() ? "" : "|") + std::string(genres.vocabulary().id(genre));
  return text;
}

/// "title / year / genres" of a movie.
std::string movie(const movielens::data_set& data, std::string_view id) {
  const index row = data.ratings.items().find(id).value();
  const auto year = data.items.numeric("year")[row];
  return std::string(data.items.text("title")[row]) + " / " +
         (year ? detail::to_text(*year) : "none") + " / " +
         text_of(data.items.multi_hot("genres"), row);
}

/// "age / gender / occupation / zip" of a user.
std::string user(const movielens::data_set& data, std::string_view id) {
  const index row = data.ratings.users().find(id).value();
  const auto age = data.users.numeric("age")[row];
  std::string text = age ? detail::to_text(*age) : "none";
  for (const char* name : {"gender", "occupation", "zip"}) {
    const categorical_column& column = data.users.categorical(name);
    text += " / ";
    if (column[row] != unknown_index) text += column.vocabulary().id(column[row]);
  }
  return text;
}

/// What load() refuses a folder with, less the path of the folder.
template <class Error>
std::string refusal(const movielens_folder& folder) {
  std::string text =
      error_of<Error>([&] { static_cast<void>(movielens::load(folder.path())); }).what();
  const std::size_t at = text.find(folder.path());
  REQUIRE(at != text.npos);
  return text.erase(at, folder.path().size());
}

std::string refusal_of(const files& contents, const std::string& name, const std::string& content) {
  return refusal<format_error>(movielens_folder(contents, name, content));
}

}  // namespace

TEST_CASE("movielens: 100K") {
  const movielens_folder folder(ml_100k_files);
  const movielens::data_set data = movielens::load(folder.path());
  CHECK(data.kind == edition::ml_100k);
  CHECK(data.ratings.size() == 4);
  CHECK(data.ratings.has_times());
  CHECK(data.ratings.users().id(0) == "7");

  CHECK(data.users.rows() == 2);
  CHECK(data.users.names() == std::vector<std::string>{"age", "gender", "occupation", "zip"});
  CHECK(user(data, "5") == "24 / M / technician / 85711");
  CHECK(user(data, "7") == "33 / F / writer / T8H1N");

  CHECK(data.items.rows() == 3);
  CHECK(data.items.names() == std::vector<std::string>{"title", "year", "genres"});
  CHECK(movie(data, "1") == "Toy Story (1995) / 1995 / Action|Film-Noir");
  CHECK(movie(data, "2") == "Mis\xC3\xA9rables, Les (1995) / 1995 / Film-Noir");
  CHECK(movie(data, "9") == "unknown / none / ");
}

TEST_CASE("movielens: 1M") {
  const movielens_folder folder(ml_1m_files);
  const movielens::data_set data = movielens::load(folder.path());
  CHECK(data.kind == edition::ml_1m);
  CHECK(data.ratings.size() == 2);
  CHECK(user(data, "1") == "1 / F / K-12 student / 48067");
  CHECK(user(data, "2") == "56 / M / self-employed / 70072-1234");
  CHECK(movie(data, "10") ==
        "City of Lost Children, The (Cit\xC3\xA9 des enfants perdus, La) (1995) / 1995 / "
        "Adventure|Sci-Fi");
  CHECK(movie(data, "11") == "\"Who\" (1999) (V) / 1999 / Children's");
}

TEST_CASE("movielens: 1M numbers the occupations from 0 to 20") {
  const movielens_folder folder(ml_1m_files, "users.dat",
                                "1::F::25::0::1\n2::M::25::20::2\n3::M::25::7::3\n");
  const movielens::data_set data = movielens::load(folder.path());
  CHECK(user(data, "1") == "25 / F / other / 1");
  CHECK(user(data, "2") == "25 / M / writer / 2");
}

TEST_CASE("movielens: 10M") {
  const movielens_folder folder(ml_10m_files);
  const movielens::data_set data = movielens::load(folder.path());
  CHECK(data.kind == edition::ml_10m);
  CHECK(data.ratings.by_user(0).values()[0] == 4.5F);
  CHECK(movie(data, "122") == "Am\xC3\xA9lie: A|B (2001) / 2001 / Comedy|Romance");
  CHECK(movie(data, "185") == "X / none / ");
  CHECK(data.users.rows() == 1);
  CHECK(data.users.names().empty());
}

TEST_CASE("movielens: 20M and the others in CSV") {
  const movielens_folder folder(csv_files);
  const movielens::data_set data = movielens::load(folder.path());
  CHECK(data.kind == edition::csv);
  CHECK(data.ratings.size() == 4);
  CHECK(data.items.rows() == 3);
  CHECK(movie(data, "31") == "Am\xC3\xA9lie, or not (2001)  / 2001 / Comedy|Romance");
  CHECK(movie(data, "7789") == "11'09\"01 - September 11 (2002) / 2002 / ");
  CHECK(movie(data, "999") == " / none / ");
  CHECK(data.items.multi_hot("genres").vocabulary().size() == 2);
  CHECK(data.users.rows() == 2);
  CHECK(data.users.names().empty());
}

TEST_CASE("movielens: line ends, byte order marks and blank lines change nothing") {
  const movielens_folder folder(
      {{"ratings.csv", "\xEF\xBB\xBFuserId,movieId,rating,timestamp\r\n1,31,2.5,1\r\n"},
       {"movies.csv",
        "\xEF\xBB\xBF\r\nmovieId,title,genres\r\n\r\n \r\n31,Up (2009),Drama|War\r\n\r\n"
        "32,Down (2010),Drama"}});
  CHECK(movie(movielens::load(folder.path()), "31") == "Up (2009) / 2009 / Drama|War");
}

TEST_CASE("movielens: the year is the last one in parentheses") {
  using movielens::detail::year_of;
  CHECK(year_of("Toy Story (1995)") == 1995);
  CHECK(year_of("Wake Wood (2010) ") == 2010);
  CHECK(year_of("Land Before Time III (1995) (V)") == 1995);
  CHECK(year_of("(1900) (1950)") == 1950);
  CHECK(year_of("(1995)") == 1995);
  for (const char* title : {"", "(", "2001", "(200)", "(20010)", "(20 1)", "(-200)", "(2007-)",
                            "(1975-1979)", "((2001", "Hyena Road", "(2001", "2001)"})
    CHECK_MESSAGE(std::isnan(year_of(title)), title);
}

TEST_CASE("movielens: options and report are those of kindred::load") {
  const movielens_folder folder(
      csv_files, "ratings.csv",
      "userId,movieId,rating,timestamp\n1,31,2,1\n1,7789,x,2\n2,31,4,3\n2,5,1,4\n");
  load_report report;
  const auto data = movielens::load(
      folder.path(),
      {.bad_rows = bad_row_policy::skip, .min_item_ratings = 2, .ignore_times = true}, report);
  CHECK(report.rows_rejected == 1);
  CHECK(report.rows_filtered == 1);
  CHECK_FALSE(data.ratings.has_times());
  CHECK(data.items.rows() == 1);
  CHECK(movie(data, "31") == "Am\xC3\xA9lie, or not (2001)  / 2001 / Comedy|Romance");
  CHECK_THROWS_AS(static_cast<void>(movielens::load(folder.path())), format_error);
}

TEST_CASE("movielens: ratings alone need no tables") {
  const movielens_folder folder(files{csv_files[0]});
  CHECK(movielens::recognise(folder.path()) == edition::csv);
  csv_source source = movielens::ratings_source(folder.path());
  CHECK(source.name() == folder.path("ratings.csv"));
  CHECK(load(source).size() == 4);
  for (const files& contents : {ml_100k_files, ml_1m_files, ml_10m_files})
    CHECK(load(movielens::ratings_source(movielens_folder(contents).path())).has_times());
}

TEST_CASE("movielens: a folder that is none, or lacks a table") {
  const std::string none =
      ": no MovieLens here: it has no readable u.data (100K), ratings.dat (1M, 10M) or ratings.csv "
      "(20M, 25M, 32M, latest)";
  CHECK(refusal<io_error>(movielens_folder(files{csv_files[1]})) == none);
  const temporary_folder outer;
  const auto error =
      error_of<io_error>([&] { static_cast<void>(movielens::recognise(outer.path("gone"))); });
  CHECK(error.path() == outer.path("gone"));
  CHECK(error.what() == outer.path("gone") + none);

  for (const auto& [contents, tables] :
       {std::pair{ml_100k_files, 3}, {ml_1m_files, 1}, {ml_10m_files, 1}, {csv_files, 1}})
    for (int back = 1; back <= tables; ++back) {
      files rest = contents;
      const std::string name = rest[rest.size() - static_cast<std::size_t>(back)].first;
      std::erase_if(rest, [&](const auto& file) { return file.first == name; });
      CHECK(refusal<io_error>(movielens_folder(rest)) ==
            "/" + name + ": No such file or directory");
    }
}

TEST_CASE("movielens: a bad row of a table names file, line, column and value") {
  CHECK(refusal_of(ml_100k_files, "u.user", "5|24|M|technician|85711\n6|old|F|other|9\n") ==
        "/u.user:2, column 2: age is not an integer from 0 to 150: 'old'");
  CHECK(refusal_of(ml_100k_files, "u.user", "5|-1|M|technician|85711\n") ==
        "/u.user:1, column 2: age is not an integer from 0 to 150: '-1'");
  CHECK(refusal_of(ml_100k_files, "u.user", "5|99999999999|M|technician|85711\n") ==
        "/u.user:1, column 2: age is not an integer from 0 to 150: '99999999999'");
  CHECK(refusal_of(ml_100k_files, "u.user", "5|24|M|technician\n") ==
        "/u.user:1: row has 4 columns, not 5: '5|24|M|technician'");
  CHECK(refusal_of(ml_100k_files, "u.user", "\n|24|M|technician|85711\n") ==
        "/u.user:2, column 1: user id is empty");
  CHECK(refusal_of(ml_100k_files, "u.genre", "unknown|0\nAction|2\n") ==
        "/u.genre:2, column 2: number of the genre is out of order: '2'");
  CHECK(refusal_of(ml_100k_files, "u.item", "1|A|b|c|d|0|1|2\n") ==
        "/u.item:1, column 8: genre flag is not an integer from 0 to 1: '2'");
  CHECK(refusal_of(ml_100k_files, "u.item", "1|A|b|c|d|0|1|0|0\n") ==
        "/u.item:1: row has 9 columns, not 8: '1|A|b|c|d|0|1|0|0'");
  CHECK(refusal_of(ml_1m_files, "users.dat", "1::F::1::21::48067\n") ==
        "/users.dat:1, column 4: occupation is not an integer from 0 to 20: '21'");
  CHECK(refusal_of(ml_1m_files, "movies.dat", "1::A::Drama\n2::B::C::Drama\n") ==
        "/movies.dat:2: row has 4 columns, not 3: '2::B::C::Drama'");
  CHECK(refusal_of(ml_10m_files, "movies.dat", "::A::Drama\n") ==
        "/movies.dat:1, column 1: movie id is empty");
  CHECK(refusal_of(csv_files, "movies.csv", "31,Am\xC3\xA9lie,Comedy\n") ==
        "/movies.csv:1, column 1: the first line does not name the columns movieId,title,genres: "
        "'31'");
  CHECK(refusal_of(csv_files, "movies.csv", "movieId,title,genres\n\n1,\"A,Drama\n2,B,War\n") ==
        "/movies.csv:3, column 2: quote is not closed: '\"A,Drama'");
  CHECK(
      refusal_of(csv_files, "movies.csv", "movieId,title,genres\n1,\"A\nB\",War\n2,\"C\"D,War\n") ==
      "/movies.csv:4, column 2: text behind a closing quote: '\"C\"D,War'");
}

TEST_CASE("movielens: a table that is empty, or all of one line") {
  for (const char* nothing : {"", "\n", " \r\n\t\n", "\xEF\xBB\xBF"})
    for (const auto& [contents, name] : {std::pair{ml_100k_files, "u.genre"},
                                         {ml_1m_files, "users.dat"},
                                         {csv_files, "movies.csv"}})
      CHECK(refusal_of(contents, name, nothing) == "/" + std::string(name) + ": is empty");
  CHECK(refusal_of(csv_files, "movies.csv",
                   "movieId,title,genres\n1," + std::string((1 << 20) + 1, 'x')) ==
        "/movies.csv:2: row is longer than 1048576 bytes: '1," + std::string(58, 'x') +
            "... (256 bytes)'");
  const movielens_folder folder(csv_files, "movies.csv", "movieId,title,genres\n");
  CHECK(movie(movielens::load(folder.path()), "31") == " / none / ");
}

TEST_CASE("movielens: bytes of any kind in a table end in an error or in a table") {
  const std::string row = "31,\"a\"\"b\",War|\xC3\xA9\n";
  for (std::size_t at = 0; at < row.size(); ++at)
    for (const char byte : {'\0', '"', ',', '\n', '\r', '\xFF'}) {
      std::string damaged = row;
      damaged[at] = byte;
      const movielens_folder folder(csv_files, "movies.csv", "movieId,title,genres\n" + damaged);
      try {
        const movielens::data_set data = movielens::load(folder.path());
        CHECK(data.items.rows() == 3);
      } catch (const format_error& e) {
        CHECK(e.line() >= 2);
      }
    }
}

TEST_CASE("movielens: of several rows of a movie the last counts") {
  const movielens_folder folder(csv_files, "movies.csv",
                                "movieId,title,genres\n31,A (1990),War|War\n31,B,Drama\n");
  CHECK(movie(movielens::load(folder.path()), "31") == "B / none / Drama");
}

TEST_CASE("movielens: a fold of 100K has the ids of the whole") {
  movielens_folder folder(ml_100k_files);
  static_cast<void>(folder.write("ub.base", "5\t1\t5\t891717742\n5\t9\t1\t878887117\n"));
  static_cast<void>(folder.write("ub.test", "7\t2\t3\t881250949\n7\t1\t4\t878887116\n"));
  const auto [train, test] = movielens::load_fold(folder.path(), "ub");
  CHECK(train.size() == 2);
  CHECK(test.size() == 2);
  const dataset all = load(movielens::ratings_source(folder.path()));
  for (const dataset& part : {train, test}) {
    REQUIRE(part.num_users() == all.num_users());
    REQUIRE(part.num_items() == all.num_items());
    for (index u = 0; u < all.num_users(); ++u) CHECK(part.users().id(u) == all.users().id(u));
    for (index i = 0; i < all.num_items(); ++i) CHECK(part.items().id(i) == all.items().id(i));
  }
  const auto message = [&](const char* name) -> std::string {
    return error_of<option_error>(
               [&] { static_cast<void>(movielens::load_fold(folder.path(), name)); })
        .what();
  };
  CHECK(message("u6") == "option fold = 'u6' is not in {u1, u2, u3, u4, u5, ua, ub}");
  CHECK_THROWS_AS(static_cast<void>(movielens::load_fold(folder.path(), "u1")), io_error);
}

TEST_CASE("movielens: 100K as published") {
  const auto folder = data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA is not set");
    return;
  }
  const movielens::data_set data = movielens::load(*folder + "/ml-100k");
  CHECK(data.kind == edition::ml_100k);
  CHECK(data.ratings.num_users() == 943);
  CHECK(data.ratings.num_items() == 1682);
  CHECK(data.ratings.size() == 100'000);
  CHECK(user(data, "1") == "24 / M / technician / 85711");
  CHECK(user(data, "943") == "22 / M / student / 77841");
  CHECK(data.users.categorical("occupation").vocabulary().size() == 21);
  CHECK(movie(data, "1") == "Toy Story (1995) / 1995 / Animation|Children's|Comedy");
  CHECK(movie(data, "267") == "unknown / none / ");
  CHECK(movie(data, "1412").ends_with("Giving (1995) (V) / 1995 / Animation|Children's"));
  CHECK(movie(data, "1633") == "Á köldum klaka (Cold Fever) (1994) / 1994 / Comedy|Drama");
  CHECK(data.items.multi_hot("genres").vocabulary().size() == 18);
  const auto years = data.items.numeric("year").values();
  CHECK(std::count_if(years.begin(), years.end(), [](float y) { return std::isnan(y); }) == 1);

  std::size_t test_ratings = 0;
  for (const char* name : {"u1", "u2", "u3", "u4", "u5"}) {
    const auto [train, test] = movielens::load_fold(*folder + "/ml-100k", name);
    CHECK(train.size() == 80'000);
    CHECK(test.size() == 20'000);
    CHECK(train.num_items() == 1682);
    for (index u = 0; u < 943; ++u) {
      const auto seen = train.by_user(u).indices();
      const auto held_out = test.by_user(u).indices();
      CHECK(std::none_of(held_out.begin(), held_out.end(), [&](index item) {
        return std::binary_search(seen.begin(), seen.end(), item);
      }));
    }
    test_ratings += test.size();
  }
  CHECK(test_ratings == data.ratings.size());
  CHECK(movielens::load_fold(*folder + "/ml-100k", "ua").test.size() == 9430);
}

TEST_CASE("movielens: latest-small as published in 2016") {
  const auto folder = data_folder();
  if (!folder) {
    MESSAGE("skipped: KINDRED_DATA is not set");
    return;
  }
  const movielens::data_set data = movielens::load(*folder + "/ml-latest-small");
  CHECK(data.kind == edition::csv);
  CHECK(data.ratings.num_users() == 671);
  CHECK(data.ratings.num_items() == 9066);
  CHECK(data.ratings.size() == 100'004);
  CHECK(movie(data, "1") ==
        "Toy Story (1995) / 1995 / Adventure|Animation|Children|Comedy|Fantasy");
  CHECK(movie(data, "7789") == "11'09\"01 - September 11 (2002) / 2002 / Drama");
  CHECK(movie(data, "162376") == "Stranger Things / none / Drama");
  CHECK(data.items.multi_hot("genres").vocabulary().size() == 19);
}

}  // namespace kindred::movielens_test

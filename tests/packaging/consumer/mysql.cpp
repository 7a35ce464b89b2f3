#include <kindred/kindred.hpp>
#include <kindred/source/mysql.hpp>

#include <string>

std::string quoted_name(const std::string& password) {
  const kindred::mysql_connection db{{.user = "reader", .password = password}};
  return db.quoted("ratings");
}

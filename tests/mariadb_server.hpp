#pragma once

#include <kindred/source/mysql.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "temporary_folder.hpp"

namespace kindred::test {

/// Where a program is, also where Debian and Fedora keep servers; empty if it is not installed.
inline std::string find_program(const std::string& name) {
  const char* const path = std::getenv("PATH");
  std::istringstream folders(std::string(path == nullptr ? "" : path) +
                             ":/usr/sbin:/usr/local/sbin:/usr/libexec");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (::access((folder + "/" + name).c_str(), X_OK) == 0) return folder + "/" + name;
  return {};
}

/// A MariaDB server of a test's own: data, socket and log are in a temporary folder, and it dies
/// with the thread that started it. What is committed there outlives kill().
class mariadb_server {
 public:
  /// Makes an empty server and starts it, with `options` of mariadbd beside those that it needs.
  explicit mariadb_server(std::vector<std::string> options = {}) : options_(std::move(options)) {
    int status = 0;
    ::waitpid(launch(common_options(find_program("mariadb-install-db"),
                                    {"--auth-root-authentication-method=normal", "--skip-test-db",
                                     "--skip-name-resolve"})),
              &status, 0);
    if (status != 0) throw std::runtime_error("mariadb-install-db failed: " + log());
    start();
  }
  mariadb_server(const mariadb_server&) = delete;
  mariadb_server& operator=(const mariadb_server&) = delete;
  ~mariadb_server() {
    if (pid_ != 0) kill();
  }

  /// Returns once it takes connections.
  void start() {
    std::vector<std::string> options{"--socket=" + socket(), "--pid-file=" + folder_.path("pid"),
                                     "--tmpdir=" + folder_.path(), "--skip-networking",
                                     "--innodb-flush-log-at-trx-commit=2"};
    options.insert(options.end(), options_.begin(), options_.end());
    pid_ = launch(common_options(find_program("mariadbd"), options));
    while (log().find("ready for connections") == std::string::npos) {
      if (::waitpid(pid_, nullptr, WNOHANG) != 0) {
        pid_ = 0;
        throw std::runtime_error("mariadbd does not start: " + log());
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  /// As an administrator ends it: it says goodbye to its clients.
  void stop() { end(SIGTERM); }

  /// As a crash ends it.
  void kill() { end(SIGKILL); }

  [[nodiscard]] ::pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] std::string socket() const { return folder_.path("socket"); }
  [[nodiscard]] std::string path(std::string_view name) const { return folder_.path(name); }

  [[nodiscard]] mysql_options login(std::string database = {}) const {
    return {.unix_socket = socket(), .user = "root", .database = std::move(database)};
  }

  /// The same, to a database that is made by this.
  [[nodiscard]] mysql_options new_database() {
    std::string name = "test_" + std::to_string(databases_++);
    mysql_connection(login()).execute("CREATE DATABASE " + name + " CHARACTER SET utf8mb4");
    return login(std::move(name));
  }

  [[nodiscard]] std::string log() const {
    std::ifstream file(folder_.path("log"));
    return {std::istreambuf_iterator<char>(file), {}};
  }

 private:
  [[nodiscard]] std::vector<std::string> common_options(std::string program,
                                                        std::vector<std::string> more) const {
    std::vector<std::string> all{std::move(program),
                                 "--no-defaults",
                                 "--datadir=" + folder_.path("data"),
                                 "--innodb-log-file-size=8M",
                                 "--innodb-buffer-pool-size=32M",
                                 "--loose-debug-no-sync"};
    if (::geteuid() == 0) all.emplace_back("--user=root");
    all.insert(all.end(), std::make_move_iterator(more.begin()),
               std::make_move_iterator(more.end()));
    return all;
  }

  /// Starts a program whose output goes to the log. It gets none of our files: a connection that
  /// a child holds too is never closed.
  [[nodiscard]] ::pid_t launch(std::vector<std::string> command) const {
    std::vector<char*> words;
    for (std::string& word : command) words.push_back(word.data());
    words.push_back(nullptr);
    const int out = ::open(folder_.path("log").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const ::pid_t child = ::fork();
    if (child != 0) {
      ::close(out);
      return child;
    }
#ifdef __linux__
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    for (int file = STDERR_FILENO + 1; file < 1024; ++file) ::close(file);
    ::execv(words.front(), words.data());
    ::_exit(127);
  }

  void end(int signal) {
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  temporary_folder folder_;
  std::vector<std::string> options_;
  ::pid_t pid_ = 0;
  int databases_ = 0;
};

/// Whether there can be a server; says so where there cannot, and a test returns.
inline bool has_mariadb() {
  const bool has = !find_program("mariadbd").empty() && !find_program("mariadb-install-db").empty();
  if (!has) std::cerr << "SKIPPED: mariadbd is not installed (cmake/test.sh installs it)\n";
  return has;
}

/// The server that the tests of a program share, each in a database of its own.
inline mariadb_server& shared_mariadb() {
  static mariadb_server server;
  return server;
}

}  // namespace kindred::test

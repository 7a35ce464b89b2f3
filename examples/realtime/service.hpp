#pragma once

#include "shop.hpp"

#include <kindred/kindred.hpp>

#include <httplib.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iostream>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

using live_model = kindred::live_recommender<kindred::matrix_factorization<>>;

/// What is wrong with a request, and the status that says so.
struct refusal {
  int status;
  std::string reason;
};

/// The endpoints:
///
///   GET  /users/ID/recommendations?k=10
///   POST /ratings                          {"user": 42, "item": 50, "rating": 4.5}
///   GET  /healthz
///   GET  /metrics                          in the text format of Prometheus
class service {
 public:
  using request = httplib::Request;
  using response = httplib::Response;

  /// `titles` has those of the items that `live` knew when it was made.
  service(live_model& live, shop& store, const kindred::text_column& titles)
      : live_(live), shop_(store), titles_(titles) {
    server_.set_payload_max_length(16 * 1024);
    server_.set_read_timeout(std::chrono::seconds(2));
    server_.set_write_timeout(std::chrono::seconds(5));
    server_.set_keep_alive_timeout(5);
    server_.new_task_queue = [] { return new httplib::ThreadPool(16); };
    server_.Get(R"(/users/([^/]+)/recommendations)", answer(&service::recommend));
    server_.Post("/ratings", answer(&service::rate));
    server_.Get("/healthz", answer(&service::health));
    server_.Get("/metrics", answer(&service::metrics));
    server_.set_error_handler([](const request&, response& to) {
      if (to.body.empty()) reply(to, to.status, {{"error", "no such page, or a bad request"}});
    });
  }

  /// The port that it listens to: `port`, or a free one if that is 0; -1 if it cannot.
  [[nodiscard]] int bind(const std::string& host, int port) {
    if (port == 0) return server_.bind_to_any_port(host);
    return server_.bind_to_port(host, port) ? port : -1;
  }
  void serve() { server_.listen_after_bind(); }
  void stop() { server_.stop(); }
  /// Says that ratings are no longer followed.
  void set_following(bool following) { following_ = following; }

 private:
  using json = nlohmann::json;
  using handler = void (service::*)(const request&, response&);

  static void reply(response& to, int status, const json& body) {
    to.status = status;
    // An id that came in may be anything but UTF-8.
    to.set_content(body.dump(-1, ' ', false, json::error_handler_t::replace) + '\n',
                   "application/json");
  }

  [[nodiscard]] httplib::Server::Handler answer(handler member) {
    return [this, member](const request& from, response& to) {
      try {
        (this->*member)(from, to);
      } catch (const refusal& no) {
        reply(to, no.status, {{"error", no.reason}});
      } catch (const std::exception& e) {
        // What went wrong within is for the log of whoever runs this, not for who asks.
        std::cerr << from.method << ' ' << from.path << ": " << e.what() << '\n';
        reply(to, 500, {{"error", "it is not your fault; try again later"}});
      }
    };
  }

  void recommend(const request& from, response& to) {
    std::size_t k = 10;
    if (from.has_param("k")) {
      const std::string text = from.get_param_value("k");
      const char* const end = text.data() + text.size();
      const auto [at, code] = std::from_chars(text.data(), end, k);
      if (code != std::errc() || at != end || k < 1 || k > 100)
        throw refusal{400, "k is a number from 1 to 100"};
    }
    const std::string user = from.matches[1];
    const auto list = live_.recommend(user, k);
    json items = json::array();
    for (std::size_t rank = 0; rank < list.size(); ++rank) {
      json line = {{"item", list[rank].id},
                   {"score", std::round(1e3 * double{list[rank].score}) / 1e3}};
      const kindred::index item = list.entries()[rank].item;
      if (static_cast<std::size_t>(item) < titles_.rows()) line["title"] = titles_[item];
      items.push_back(std::move(line));
    }
    reply(to, 200, {{"user", user}, {"known", !list.cold_start()}, {"recommendations", items}});
  }

  void rate(const request& from, response& to) {
    const json body = json::parse(from.body, nullptr, false);
    const auto integer = [&](const char* name) {
      if (!body.is_object() || !body.contains(name) || !body[name].is_number_integer())
        throw refusal{400, "expected {\"user\": 42, \"item\": 50, \"rating\": 4.5}"};
      const auto value = body[name].get<std::int64_t>();
      if (value < 1) throw refusal{400, std::string(name) + " is 1 or greater"};
      return value;
    };
    const std::int64_t user = integer("user");
    const std::int64_t item = integer("item");
    if (!body.contains("rating") || !body["rating"].is_number())
      throw refusal{400, "rating is a number"};
    const auto rating = body["rating"].get<double>();
    if (!(rating >= 0.5 && rating <= 5)) throw refusal{400, "rating is from 0.5 to 5"};
    if (!store(user, item, rating)) throw refusal{404, "there is no such item"};
    // The table is what counts: the recommender hears of it from there, within its poll_interval.
    reply(to, 201, {{"user", user}, {"item", item}, {"rating", rating}});
  }

  bool store(std::int64_t user, std::int64_t item, double rating) {
    const std::lock_guard lock(storing_);
    try {
      return shop_.rate(user, item, rating);
    } catch (const kindred::database_error& e) {
      if (!e.is_connection_lost()) throw;
      shop_.reconnect();
      return shop_.rate(user, item, rating);  // which may be there already: then it changes nothing
    }
  }

  void health(const request&, response& to) {
    if (!following_) throw refusal{503, "new ratings are not followed any more"};
    reply(to, 200, {{"status", "ok"}});
  }

  void metrics(const request&, response& to) {
    const kindred::live_metrics m = live_.metrics();
    std::string text;
    const auto add = [&](const char* type, const std::string& name, const char* help, auto value) {
      const std::string full = "kindred_" + name;
      text += "# HELP " + full + ' ' + help + "\n# TYPE " + full + ' ' + type + '\n' + full + ' ' +
              std::to_string(value) + '\n';
    };
    add("counter", "ratings_added_total", "Ratings of pairs that had none.", m.counts.added);
    add("counter", "ratings_changed_total", "Ratings that changed.", m.counts.changed);
    add("counter", "ratings_duplicate_total", "Ratings that came again.", m.counts.duplicates);
    add("counter", "ratings_rejected_total", "Rows that are no ratings.", m.counts.rejected);
    add("counter", "snapshots_total", "States published to readers.", m.snapshots);
    add("counter", "compactions_total", "Merges of what is new into a base.", m.compactions);
    add("counter", "refits_total", "Models fitted anew.", m.refits);
    add("counter", "background_failures_total", "Background work that threw.", m.failures);
    add("gauge", "users", "Users known.", m.users);
    add("gauge", "items", "Items known.", m.items);
    add("gauge", "ratings", "Ratings known.", m.ratings);
    add("gauge", "queued_ratings", "Ratings pushed and not taken in.", m.queued);
    add("gauge", "lag_seconds", "From arrival to effect, the last time.", m.last_lag.count());
    add("gauge", "source_lag_seconds", "From a rating's own time to its effect, the last time.",
        m.last_source_lag.count());
    add("gauge", "swap_seconds", "What putting a state in place took.", m.last_swap.count());
    to.set_content(text, "text/plain; version=0.0.4");
  }

  live_model& live_;
  shop& shop_;
  std::mutex storing_;
  kindred::text_column titles_;
  std::atomic<bool> following_{true};
  httplib::Server server_;
};

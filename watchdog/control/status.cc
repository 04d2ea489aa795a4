#include "watchdog/control/status.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "watchdog/control/json_text.h"
#include "watchdog/event/event.h"
#include "watchdog/format/rfc3339.h"

namespace pyfault {
namespace {

using nlohmann::json;

template <typename Value>
json or_null(const std::optional<Value>& value) {
  return value ? json(*value) : json(nullptr);
}

json or_null(const std::string& text) {
  return text.empty() ? json(nullptr) : json(text);
}

template <typename Value>
std::optional<Value> optional_at(const json& object, const char* key) {
  const json& value = object.at(key);
  return value.is_null() ? std::nullopt : std::optional(value.get<Value>());
}

json json_of(const LastExit& exit) {
  return {{"time", rfc3339_utc(exit.realtime_ns)},
          {"time_ns", exit.realtime_ns},
          {"code", or_null(exit.code)},
          {"signal", or_null(exit.signal)},
          {"reason", exit.reason},
          {"exception", or_null(exit.exception)},
          {"output", or_null(exit.output)}};
}

json json_of(const LastCrash& crash) {
  return {{"time", rfc3339_utc(crash.realtime_ns)},
          {"time_ns", crash.realtime_ns},
          {"id", crash.id},
          {"signal", crash.signal}};
}

json json_of(const WatchStatus& watch) {
  return {{"own", or_null(watch.own)},
          {"reason", or_null(watch.reason)},
          {"message", or_null(watch.message)},
          {"processes", watch.processes},
          {"unwatched_below", watch.unwatched}};
}

json json_of(const GuestStatus& guests) {
  return {{"address", guests.address}, {"processes", guests.processes}};
}

json json_of(const WorkerStatus& worker) {
  return {{"name", worker.name},
          {"state", worker.state},
          {"well", is_well(worker)},
          {"pid", or_null(worker.pid)},
          {"uptime_seconds", or_null(worker.uptime_seconds)},
          {"retry_in_seconds", or_null(worker.retry_in_seconds)},
          {"restarts", worker.restarts},
          {"last_exit", worker.last_exit ? json_of(*worker.last_exit) : json(nullptr)},
          {"last_crash", worker.last_crash ? json_of(*worker.last_crash) : json(nullptr)},
          {"rss_bytes", or_null(worker.rss_bytes)},
          {"watched", worker.watch ? json_of(*worker.watch) : json(nullptr)}};
}

std::optional<LastExit> exit_from(const json& object) {
  if (object.is_null()) return std::nullopt;
  return LastExit{object.at("time_ns").get<std::int64_t>(),
                  optional_at<int>(object, "code"),
                  optional_at<std::string>(object, "signal").value_or(""),
                  object.at("reason").get<std::string>(),
                  optional_at<std::string>(object, "exception").value_or(""),
                  optional_at<std::string>(object, "output").value_or("")};
}

std::optional<LastCrash> crash_from(const json& object) {
  if (object.is_null()) return std::nullopt;
  return LastCrash{object.at("time_ns").get<std::int64_t>(), object.at("id").get<std::string>(),
                   object.at("signal").get<std::string>()};
}

std::optional<WatchStatus> watch_from(const json& object) {
  if (object.is_null()) return std::nullopt;
  return WatchStatus{optional_at<bool>(object, "own"),
                     optional_at<std::string>(object, "reason").value_or(""),
                     optional_at<std::string>(object, "message").value_or(""),
                     object.at("processes").get<std::uint64_t>(),
                     object.value("unwatched_below", std::uint64_t{0})};
}

// An older service says nothing of guests.
std::optional<GuestStatus> guests_from(const json& service) {
  const json guests = service.value("guests", json(nullptr));
  if (guests.is_null()) return std::nullopt;
  return GuestStatus{guests.at("address").get<std::string>(),
                     guests.at("processes").get<std::uint64_t>()};
}

WorkerStatus worker_from(const json& object) {
  WorkerStatus worker;
  worker.name = object.at("name").get<std::string>();
  worker.state = object.at("state").get<std::string>();
  worker.pid = optional_at<int>(object, "pid");
  worker.uptime_seconds = optional_at<double>(object, "uptime_seconds");
  worker.retry_in_seconds = optional_at<double>(object, "retry_in_seconds");
  worker.restarts = object.at("restarts").get<std::uint64_t>();
  worker.last_exit = exit_from(object.at("last_exit"));
  worker.last_crash = crash_from(object.at("last_crash"));
  worker.rss_bytes = optional_at<std::int64_t>(object, "rss_bytes");
  worker.watch = watch_from(object.at("watched"));
  return worker;
}

}  // namespace

bool is_well(const WorkerStatus& worker) {
  if (worker.state == "up") return true;
  return worker.state == "exited" && worker.last_exit && worker.last_exit->code == 0;
}

std::string in_words(const LastExit& exit) {
  if (exit.reason == name_of(ExitReason::kSignaled)) return exit.signal;
  if (exit.reason != name_of(ExitReason::kExited)) return exit.reason;
  return fmt::format("exit code {}", exit.code.value_or(0));
}

std::string to_json(const WorkerStatus& worker) {
  return json_text(json_of(worker));
}

std::string to_json(const Status& status) {
  json workers = json::array();
  for (const WorkerStatus& worker : status.workers) workers.push_back(json_of(worker));
  const auto& guests = status.service.guests;
  return json_text({{"service",
                     {{"pid", status.service.pid},
                      {"uptime_seconds", status.service.uptime_seconds},
                      {"configuration", status.service.configuration},
                      {"troubles", status.service.troubles},
                      {"guests", guests ? json_of(*guests) : json(nullptr)}}},
                    {"workers", std::move(workers)}});
}

Status status_from_json(const std::string& text) {
  const json object = parse_json(text);
  const json& service = object.at("service");
  Status status{{service.at("pid").get<int>(), service.at("uptime_seconds").get<double>(),
                 service.at("configuration").get<std::string>(),
                 service.value("troubles", std::vector<std::string>()), guests_from(service)},
                {}};
  for (const json& worker : object.at("workers")) status.workers.push_back(worker_from(worker));
  return status;
}

}  // namespace pyfault

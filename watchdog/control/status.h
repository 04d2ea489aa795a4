// How workers and their service are, as it is told to operators. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pyfault {

struct LastExit {
  std::int64_t realtime_ns = 0;
  std::optional<int> code;  // exactly one of code and signal is set
  std::string signal;       // its name
  std::string reason;       // as in the exit event
  std::string exception{};  // that it ended by: "ValueError: no such table"; empty: none is known
  std::string output{};     // its last lines, where it was captured and nobody had asked it to end

  bool operator==(const LastExit&) const = default;
};

struct LastCrash {
  std::int64_t realtime_ns = 0;
  std::string id;
  std::string signal;

  bool operator==(const LastCrash&) const = default;
};

// Whether its crash would be recorded.
struct WatchStatus {
  std::optional<bool> own;  // of its own process; none: that is not known yet
  std::string reason;       // why not, as in the unwatched event: a word, and a sentence
  std::string message;
  std::uint64_t processes = 0;  // that are watched, its own included

  bool operator==(const WatchStatus&) const = default;
};

struct WorkerStatus {
  std::string name;
  std::string state;  // the lifecycle's name for it, or "waiting": for its turn to be started
  std::optional<int> pid;
  std::optional<double> uptime_seconds;
  std::optional<double> retry_in_seconds;  // in backoff and crash-loop
  std::uint64_t restarts = 0;
  std::optional<LastExit> last_exit;
  std::optional<LastCrash> last_crash;  // of its process, or of one below it
  std::optional<std::int64_t> rss_bytes;
  std::optional<WatchStatus> watch;  // while it has a process

  bool operator==(const WorkerStatus&) const = default;
};

struct ServiceStatus {
  int pid = 0;
  double uptime_seconds = 0;
  std::string configuration;            // the file
  std::vector<std::string> troubles{};  // logs that can't be written to now, and why
};

struct Status {
  ServiceStatus service;
  std::vector<WorkerStatus> workers;
};

// Whether it is up, or has come to a good end of its own.
bool is_well(const WorkerStatus& worker);

// "exit code 1", "SIGSEGV", or the reason where that says more: "oom-killed", "stopped".
std::string in_words(const LastExit& exit);

// One JSON object each, on one line without its end; and back. Throw nlohmann::json::exception.
std::string to_json(const WorkerStatus& worker);
std::string to_json(const Status& status);
Status status_from_json(const std::string& json);

}  // namespace pyfault

// The state of the workers and of the service, as reported to operators. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pyfault {

struct LastExit {
  std::int64_t realtime_ns = 0;
  std::optional<int> code;  // exactly one of code and signal is set
  std::string signal;       // the signal's name
  std::string reason;       // as in the exit event
  std::string exception{};  // that ended it: "ValueError: no such table"; empty: unknown
  std::string output{};     // its last lines, if captured and it was not asked to end

  bool operator==(const LastExit&) const = default;
};

struct LastCrash {
  std::int64_t realtime_ns = 0;
  std::string id;
  std::string signal;

  bool operator==(const LastCrash&) const = default;
};

// Whether a crash of the worker would be recorded.
struct WatchStatus {
  std::optional<bool> own;  // of its own process; nullopt: not known yet
  std::string reason;       // why not, as in the unwatched event; `message` is the sentence
  std::string message;
  std::uint64_t processes = 0;  // watched ones, including its own
  std::uint64_t unwatched = 0;  // Pythons below it that are known not to be watched

  bool operator==(const WatchStatus&) const = default;
};

struct WorkerStatus {
  std::string name;
  std::string state;  // the lifecycle's name, or "waiting" for its turn to start
  std::optional<int> pid;
  std::optional<double> uptime_seconds;
  std::optional<double> retry_in_seconds;  // in backoff and crash-loop
  std::uint64_t restarts = 0;
  std::optional<LastExit> last_exit;
  std::optional<LastCrash> last_crash;  // of its process or of a descendant
  std::optional<std::int64_t> rss_bytes;
  std::optional<WatchStatus> watch;  // while it has a process

  bool operator==(const WorkerStatus&) const = default;
};

// Processes that are watched without being workers.
struct GuestStatus {
  std::string address;  // a value for PYFAULT_SOCKET
  std::uint64_t processes = 0;

  bool operator==(const GuestStatus&) const = default;
};

struct ServiceStatus {
  int pid = 0;
  double uptime_seconds = 0;
  std::string configuration;            // the file
  std::vector<std::string> troubles{};  // logs that cannot be written to now, and why
  std::optional<GuestStatus> guests{};  // none: the service takes none
};

struct Status {
  ServiceStatus service;
  std::vector<WorkerStatus> workers;
};

// Whether it is up, or has ended by itself with exit code 0.
bool is_well(const WorkerStatus& worker);

// "exit code 1", "SIGSEGV", or the reason if that says more: "oom-killed", "stopped".
std::string in_words(const LastExit& exit);

// Convert to a JSON object on one line, without a newline, and back. Throw
// nlohmann::json::exception.
std::string to_json(const WorkerStatus& worker);
std::string to_json(const Status& status);
Status status_from_json(const std::string& json);

}  // namespace pyfault

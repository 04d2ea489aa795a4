// An operator's request to the service: one JSON object on a line.
//
//   {"request": "status", "workers": ["web"]}             no workers: all
//   {"request": "start", "workers": ["web", "queue#2"]}   also "stop", "restart"
//     "all": true in place of "workers"; "wait": false does not wait for the result
//   {"request": "reload"}
//   {"request": "events", "follow": true, "last": 10}     "format": text (default), coloured, json
//   {"request": "dump", "target": "web"}                  or a process: "4711"; "format" as above
//
// The replies are in reply.h. Unknown members are ignored, so a newer pyfaultctl can talk to an
// older service.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pyfault {

enum class ReportFormat { kText, kColoured, kJson };

struct StatusRequest {
  std::vector<std::string> workers;

  bool operator==(const StatusRequest&) const = default;
};

enum class WorkerCommand { kStart, kStop, kRestart };

struct CommandRequest {
  WorkerCommand command = WorkerCommand::kStart;
  std::vector<std::string> workers;
  bool all = false;
  bool wait = true;

  bool operator==(const CommandRequest&) const = default;
};

struct ReloadRequest {
  bool operator==(const ReloadRequest&) const = default;
};

struct EventsRequest {
  bool follow = false;
  std::optional<std::size_t> last;  // how many of those stored; nullopt: all
  ReportFormat format = ReportFormat::kText;

  bool operator==(const EventsRequest&) const = default;
};

struct DumpRequest {
  std::string target;  // a worker, or a process number
  ReportFormat format = ReportFormat::kText;

  bool operator==(const DumpRequest&) const = default;
};

using Request =
    std::variant<StatusRequest, CommandRequest, ReloadRequest, EventsRequest, DumpRequest>;

struct BadRequest {
  std::string message;
};

// A longer line is not accepted as a request.
inline constexpr std::size_t kMaxRequestBytes = std::size_t{64} << 10;

std::variant<Request, BadRequest> parse_request(std::string_view line);

// Includes the trailing newline.
std::string request_line(const Request& request);

}  // namespace pyfault

#include "watchdog/ctl/conversation.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "watchdog/ctl/connection.h"
#include "watchdog/ctl/exit_codes.h"
#include "watchdog/ctl/status_table.h"
#include "watchdog/format/escape.h"
#include "watchdog/os/clock.h"

namespace pyfault::ctl {
namespace {

constexpr std::chrono::seconds kAtOnce{30};     // for immediate replies; a slower service is stuck
constexpr std::chrono::seconds kForReload{90};  // the service itself gives up after a minute
constexpr std::chrono::seconds kAsLongAsItTakes{0};

bool is_terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}

// See https://no-color.org.
bool wants_colour() {
  const char* forbidden = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return is_terminal() && (forbidden == nullptr || *forbidden == '\0') && term != nullptr &&
         std::string_view(term) != "dumb";
}

std::chrono::seconds timeout_for(const Request& request) {
  const auto* events = std::get_if<EventsRequest>(&request);
  const bool waits = std::holds_alternative<CommandRequest>(request) || (events && events->follow);
  if (std::holds_alternative<ReloadRequest>(request)) return kForReload;
  return waits ? kAsLongAsItTakes : kAtOnce;
}

void paint(ReportFormat& format) {
  if (format == ReportFormat::kText && wants_colour()) format = ReportFormat::kColoured;
}

void paint(Request& request) {
  if (auto* events = std::get_if<EventsRequest>(&request)) paint(events->format);
  if (auto* dump = std::get_if<DumpRequest>(&request)) paint(dump->format);
}

void print_error(const std::string& message) {
  std::cerr << "pyfaultctl: " << escape_text(message) << std::endl;
}

// A process that belongs to no worker has no name in front.
bool needs_space(const CommandResult& outcome) {
  return !outcome.worker.empty() && !outcome.message.starts_with('\'');
}

// Shows a reply. Returns the exit code after the last one.
class Show {
 public:
  explicit Show(bool json) : json_(json) {}

  std::optional<int> operator()(const Status& status) {
    for (const WorkerStatus& worker : status.workers) well_ = well_ && is_well(worker);
    if (json_) {
      std::cout << to_json(status) << std::endl;
    } else {
      std::cout << status_table(status, realtime_now_ns(), {is_terminal(), wants_colour()})
                << std::flush;
    }
    return std::nullopt;
  }

  std::optional<int> operator()(const CommandResult& outcome) const {
    (outcome.ok ? std::cout : std::cerr)
        << escape_text(outcome.worker + (needs_space(outcome) ? " " : "") + outcome.message)
        << std::endl;
    return std::nullopt;
  }

  std::optional<int> operator()(const ConfigMistake& mistake) const {
    std::cerr << escape_text(mistake.message) << std::endl;
    return std::nullopt;
  }

  // The service has escaped the text.
  std::optional<int> operator()(const ReportText& report) const {
    std::cout << report.text << std::flush;
    return std::nullopt;
  }

  std::optional<int> operator()(const LostEvents& lost) const {
    print_error(
        fmt::format("{} events were lost: they came faster than they were read", lost.count));
    return std::nullopt;
  }

  std::optional<int> operator()(const Done& done) const {
    return done.ok && well_ ? kExitSuccess : kExitFailed;
  }

  std::optional<int> operator()(const ErrorReply& refusal) const {
    print_error(refusal.message);
    return refusal.reason == ErrorReason::kNoSuchWorker ? kExitNoWorker : kExitFailed;
  }

 private:
  bool json_;
  bool well_ = true;
};

}  // namespace

int ask_service(const std::optional<std::string>& socket, Ask ask) {
  paint(ask.request);
  Connection service(socket);
  service.ask(ask.request);
  Show show(ask.json);
  for (;;) {
    const auto code = std::visit(show, service.next(timeout_for(ask.request)));
    if (code) return *code;
    if (!std::cout) return kExitFailed;  // the reader of stdout is gone
  }
}

}  // namespace pyfault::ctl

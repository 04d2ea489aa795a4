#include "watchdog/reporter.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <utility>
#include <variant>

#include "watchdog/ingest/notice.h"
#include "watchdog/os/clock.h"
#include "watchdog/os/read_file.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

using Clock = std::chrono::steady_clock;

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, HOST_NAME_MAX) == 0 ? name : "";
}

bool contains(const std::vector<LogSettings>& logs, const LogSettings& log) {
  return std::find(logs.begin(), logs.end(), log) != logs.end();
}

// Larger than any report.
constexpr std::size_t kMaxOfReport = std::size_t{4} << 20;

std::chrono::milliseconds until(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

}  // namespace

Reporter::Reporter(std::vector<LogSettings> logs, LogStart start) : host_(host_name()) {
  take(open(std::move(logs), {}, {}, start));
}

void Reporter::start_if_possible() noexcept {
  for (const auto& log : logs_) log->start_if_possible();
}

Reporter::NewLogs Reporter::open(std::vector<LogSettings> wanted,
                                 const std::vector<LogSettings>& present,
                                 const TroubleHandler& on_trouble, LogStart start,
                                 const std::function<void(const std::string& why)>& on_failure) {
  std::vector<std::unique_ptr<EventLog>> opened;
  for (const LogSettings& settings : wanted) {
    if (contains(present, settings)) continue;
    try {
      opened.push_back(std::make_unique<EventLog>(settings, host_name(), start, on_trouble));
    } catch (const StartError& error) {
      if (!on_failure) throw;
      on_failure(error.what());
    }
  }
  return {std::move(wanted), std::move(opened)};
}

std::vector<LogSettings> Reporter::settings() const {
  std::vector<LogSettings> settings;
  for (const auto& log : logs_) settings.push_back(log->settings());
  return settings;
}

void Reporter::take(NewLogs logs) {
  for (auto& log : logs_) {
    if (contains(logs.wanted, log->settings())) continue;
    log->begin_finish();
    leaving_.push_back(std::move(log));
  }
  std::erase(logs_, nullptr);
  for (auto& log : logs.opened) logs_.push_back(std::move(log));
}

void Reporter::on_event(Event event) {
  if (!leaving_.empty()) dismiss_the_ended();
  write(std::move(event));
}

void Reporter::dismiss_the_ended() {
  std::vector<std::string> losses;
  std::erase_if(leaving_, [&](const auto& log) {
    if (!log->has_ended()) return false;
    losses.push_back(log->finish(std::chrono::milliseconds(0)));
    dropped_before_ += log->dropped();
    return true;
  });
  for (std::string& loss : losses) {
    if (!loss.empty()) write(notice(ourselves(), std::move(loss)));
  }
}

void Reporter::write(Event event) {
  event.host = host_;
  if (event.realtime_ns == 0) event.realtime_ns = realtime_now_ns();
  const auto shared = std::make_shared<const Event>(std::move(event));
  for (const auto& log : logs_) log->write(shared);
}

std::string Reporter::ends_of_files() const {
  std::string ends;
  for (const auto& log : logs_) {
    const auto* file = std::get_if<FileLog>(&log->settings().target);
    if (file != nullptr) ends += end_of_file(file->path, kMaxOfReport);
  }
  return ends;
}

void Reporter::finish(std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  for (const auto& log : logs_) log->begin_finish();
  for (const auto* each : {&logs_, &leaving_}) {
    for (const auto& log : *each) log->finish(until(deadline));
  }
}

std::map<std::string, int> Reporter::errors() const {
  std::map<std::string, int> errors;
  for (const auto& log : logs_) {
    int& error = errors[log->settings().name];  // several logs may share a name
    if (error == 0) error = log->error();
  }
  return errors;
}

std::uint64_t Reporter::dropped() const {
  std::uint64_t dropped = dropped_before_;
  for (const auto* each : {&logs_, &leaving_}) {
    for (const auto& log : *each) dropped += log->dropped();
  }
  return dropped;
}

LogSettings log_by_option(const std::optional<std::string>& file, LogFormat format) {
  LogSettings settings;
  settings.format = format;
  if (file) {
    settings.target = FileLog{*file};
    settings.name = "--log '" + *file + "'";
  }
  return settings;
}

}  // namespace pyfault

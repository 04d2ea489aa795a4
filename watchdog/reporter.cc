#include "watchdog/reporter.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <utility>
#include <variant>

#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

using Clock = std::chrono::steady_clock;

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, HOST_NAME_MAX) == 0 ? name : "";
}

std::int64_t realtime_now_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

// More than a report takes.
constexpr std::size_t kMostOfReport = std::size_t{4} << 20;

std::chrono::milliseconds until(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

}  // namespace

Reporter::Reporter(std::vector<LogSettings> logs, LogStart start) : host_(host_name()) {
  open(std::move(logs), start);
}

void Reporter::start_if_possible() noexcept {
  for (const auto& log : logs_) log->start_if_possible();
}

void Reporter::configure(std::vector<LogSettings> logs) {
  open(std::move(logs), LogStart::kNow);
}

void Reporter::open(std::vector<LogSettings> logs, LogStart start) {
  const auto is_there = [this](const LogSettings& settings) {
    return std::any_of(logs_.begin(), logs_.end(),
                       [&](const auto& log) { return log->settings() == settings; });
  };
  std::vector<std::unique_ptr<EventLog>> opened;
  for (const LogSettings& settings : logs) {
    if (!is_there(settings)) opened.push_back(std::make_unique<EventLog>(settings, host_, start));
  }
  std::erase_if(logs_, [&](const auto& log) {
    const bool wanted = std::find(logs.begin(), logs.end(), log->settings()) != logs.end();
    if (!wanted) dropped_before_ += log->dropped();
    return !wanted;
  });
  for (auto& log : opened) logs_.push_back(std::move(log));
}

void Reporter::report(Event event) {
  event.host = host_;
  if (event.realtime_ns == 0) event.realtime_ns = realtime_now_ns();
  const auto shared = std::make_shared<const Event>(std::move(event));
  for (const auto& log : logs_) log->write(shared);
}

std::string Reporter::ends_of_files() const {
  std::string ends;
  for (const auto& log : logs_) {
    const auto* file = std::get_if<FileLog>(&log->settings().target);
    if (file != nullptr) ends += end_of_file(file->path, kMostOfReport);
  }
  return ends;
}

void Reporter::finish(std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  for (const auto& log : logs_) log->begin_finish();
  for (const auto& log : logs_) log->finish(until(deadline));
}

std::uint64_t Reporter::dropped() const {
  std::uint64_t dropped = dropped_before_;
  for (const auto& log : logs_) dropped += log->dropped();
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

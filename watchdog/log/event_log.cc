#include "watchdog/log/event_log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <system_error>

#include "watchdog/event/event_size.h"
#include "watchdog/log_error.h"
#include "watchdog/os/clock.h"

namespace pyfault {
namespace {

bool is_stderr(const LogSettings& settings) {
  return std::holds_alternative<StderrLog>(settings.target);
}

RetryPolicy retry_policy_for(const LogSettings& settings) {
  return std::visit(
      [](const auto& target) {
        if constexpr (requires { target.kRetryPolicy; }) return target.kRetryPolicy;
        return RetryPolicy{};
      },
      settings.target);
}

std::unique_ptr<Sink> sink_for(const LogSettings& settings) {
  return std::visit([&](const auto& target) { return open_sink(target, settings.name); },
                    settings.target);
}

// Events that are expensive to render are rendered on the log's thread. The others are rendered at
// once, which shows whether the format covers them.
bool is_large(const Event& event) {
  return std::holds_alternative<Crash>(event.body) || event.last_output;
}

std::string counted_reports(std::uint64_t count) {
  return fmt::format("{} {}", count, count == 1 ? "report" : "reports");
}

// The callbacks hold copies, because the log's thread may outlive the log.
std::function<std::string(std::uint64_t)> notice_report(const Formatter& format,
                                                        const std::string& host, const char* what) {
  return [format, host, what](std::uint64_t count) {
    Event event;
    event.realtime_ns = realtime_now_ns();
    event.host = host;
    event.process.pid = ::getpid();
    event.process.name = "pyfault-watchdog";
    event.body = NoticeEvent{counted_reports(count) + what};
    return format(event);
  };
}

// Trouble with a log on stderr cannot be reported on stderr.
void say_trouble(const LogSettings& settings, int error, const TroubleHandler& on_trouble) {
  const std::string trouble = fmt::format("{}: {}; reports are kept until they can be written",
                                          settings.name, std::generic_category().message(error));
  if (on_trouble) return on_trouble(trouble);
  if (!is_stderr(settings)) log_error(trouble);
}

LogNotices log_notices(const LogSettings& settings, const Formatter& format,
                       const std::string& host, const TroubleHandler& on_trouble) {
  return {notice_report(format, host, " could not be written and are lost"),
          notice_report(format, host, " were written late"),
          [settings, on_trouble](int error) { say_trouble(settings, error, on_trouble); }};
}

}  // namespace

std::vector<Formatter> formatters_for(const LogSettings& settings) {
  return std::visit([&](const auto& target) { return formatters_of(target, settings); },
                    settings.target);
}

EventLog::EventLog(LogSettings settings, const std::string& host, LogStart start,
                   const TroubleHandler& on_trouble)
    : settings_(std::move(settings)),
      formatters_(formatters_for(settings_)),
      log_(sink_for(settings_), log_notices(settings_, formatters_.front(), host, on_trouble),
           retry_policy_for(settings_), start) {}

void EventLog::write(const std::shared_ptr<const Event>& event) {
  if (!settings_.filter.passes(*event)) return;
  const auto* notice = std::get_if<NoticeEvent>(&event->body);
  // The faulthandler format has no notices.
  if (notice != nullptr && settings_.format == LogFormat::kFaulthandler) log_error(notice->message);
  for (const Formatter& format : formatters_) {
    if (is_large(*event)) {
      log_.write([format, event] { return format(*event); }, approximate_size(*event));
    } else if (std::string report = format(*event); !report.empty()) {
      const std::size_t bytes = report.size();
      log_.write([report = std::move(report), event]() mutable { return std::move(report); },
                 bytes);
    }
  }
}

std::string EventLog::finish(std::chrono::milliseconds limit) {
  const std::uint64_t lost = log_.finish(limit);
  if (lost == 0) return "";
  std::string loss =
      fmt::format("{}: {} could not be written", settings_.name, counted_reports(lost));
  if (!is_stderr(settings_)) log_error(loss);
  return loss;
}

}  // namespace pyfault

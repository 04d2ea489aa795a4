#include "watchdog/reporter.h"

#include <unistd.h>

#include <climits>

#include "watchdog/complain.h"
#include "watchdog/format/format.h"
#include "watchdog/sink/log_target.h"

namespace pyfault {
namespace {

using Formatter = std::string (*)(const Event&);

Formatter formatter_for(LogFormat format) {
  switch (format) {
    case LogFormat::kText:
      return format_text;
    case LogFormat::kJson:
      return format_json;
    case LogFormat::kFaulthandler:
      return format_faulthandler;
  }
  return format_text;
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, HOST_NAME_MAX) == 0 ? name : "";
}

std::int64_t realtime_now_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

std::string counted_reports(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " report" : " reports");
}

// Holds copies, as the log's thread may outlive the reporter.
DescribeLoss describe_loss(Formatter format, std::string host) {
  return [format, host = std::move(host)](std::uint64_t count) {
    Event event;
    event.realtime_ns = realtime_now_ns();
    event.host = host;
    event.process.pid = ::getpid();
    event.process.name = "pyfault-watchdog";
    event.body = NoticeEvent{counted_reports(count) + " could not be written and are lost"};
    return format(event);
  };
}

}  // namespace

Reporter::Reporter(const Options& options)
    : file_(options.log),
      format_(formatter_for(options.log_format)),
      host_(host_name()),
      log_(open_log_target(file_), describe_loss(format_, host_)) {}

void Reporter::report(Event event) {
  event.host = host_;
  if (event.realtime_ns == 0) event.realtime_ns = realtime_now_ns();
  const auto* notice = std::get_if<NoticeEvent>(&event.body);
  if (notice != nullptr && format_ == &format_faulthandler) complain(notice->message);
  log_.write(format_(event));
}

void Reporter::finish(std::chrono::milliseconds limit) {
  const std::uint64_t lost = log_.finish(limit);
  if (lost == 0 || !file_) return;
  complain("--log '" + *file_ + "': " + counted_reports(lost) + " could not be written");
}

}  // namespace pyfault

#include "watchdog/reporter.h"

#include <unistd.h>

#include <climits>
#include <system_error>
#include <utility>

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

// These hold copies, as the log's thread may outlive the reporter.
using NoticeReport = std::function<std::string(std::uint64_t count)>;

NoticeReport notice_report(Formatter format, const std::string& host, const char* what) {
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

std::string about(const std::string& file) {
  return "--log '" + file + "': ";
}

// On a stderr that is in trouble nothing can be said about it.
void say_trouble(const std::optional<std::string>& file, int error) {
  if (!file) return;
  complain(about(*file) + std::generic_category().message(error) +
           "; reports are kept until they can be written");
}

LogNotices log_notices(Formatter format, const std::string& host,
                       const std::optional<std::string>& file) {
  return {notice_report(format, host, " could not be written and are lost"),
          notice_report(format, host, " could not be written at once and came late"),
          [file](int error) { say_trouble(file, error); }};
}

LogFile open_log(const std::optional<std::string>& file) {
  UniqueFd fd = open_log_target(file);
  return file ? LogFile::named(std::move(fd)) : LogFile::unnamed(std::move(fd));
}

}  // namespace

Reporter::Reporter(std::optional<std::string> log, LogFormat format)
    : file_(std::move(log)),
      format_(formatter_for(format)),
      host_(host_name()),
      log_(open_log(file_), log_notices(format_, host_, file_)) {}

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
  complain(about(*file_) + counted_reports(lost) + " could not be written");
}

}  // namespace pyfault

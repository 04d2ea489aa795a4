#include "watchdog/service/captured_output.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>

#include "watchdog/format/escape.h"
#include "watchdog/log/journal_log.h"
#include "watchdog/log_error.h"
#include "watchdog/os/clock.h"
#include "watchdog/os/journal_stream.h"
#include "watchdog/sink/fd_sink.h"
#include "watchdog/sink/journal_sink.h"

namespace pyfault {
namespace {

// The number of queued pieces of output, of all workers together, while it cannot be written. In
// the journal each piece is a line.
constexpr std::size_t kQueuedOutput = 32'768;

// journald's default rate limit for a service. Our units set a hundred times that: while journald
// keeps up, the output of one worker must not cause events, or lines of other workers, to be lost.
constexpr OutputLimit kLimitOfJournald{10'000, std::chrono::seconds(30)};

LogNotices output_notices(LineFormat format, const TroubleHandler& on_trouble) {
  LogNotices notices;
  notices.lost = [format](std::uint64_t count) {
    return format("pyfault-watchdog",
                  fmt::format("{} pieces of output could not be written and are lost", count),
                  realtime_now_ns());
  };
  notices.late = [](std::uint64_t) { return std::string(); };
  notices.trouble = [on_trouble](int error) {
    on_trouble(fmt::format("{}: {}; it is kept until it can be written", CapturedOutput::kName,
                           std::generic_category().message(error)));
  };
  return notices;
}

std::unique_ptr<Sink> output_sink(bool to_journal) {
  if (to_journal) return std::make_unique<JournalSink>(JournalLog{}.socket);
  return std::make_unique<FdSink>(
      ReopeningFile::unnamed(UniqueFd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1))));
}

}  // namespace

CapturedOutput::CapturedOutput(const TroubleHandler& on_trouble)
    : is_journal_(is_journal_stream(STDOUT_FILENO)),
      is_terminal_(::isatty(STDOUT_FILENO) == 1),
      format_(is_journal_ ? &line_for_journal : &line_for_file),
      writer_(output_sink(is_journal_), output_notices(format_, on_trouble), RetryPolicy{},
              LogStart::kNow, kQueuedOutput) {}

void CapturedOutput::finish(std::chrono::milliseconds limit) {
  const std::uint64_t lost = writer_.finish(limit);
  if (lost > 0) log_error(fmt::format("{}: {} pieces could not be written", kName, lost));
}

OutputLimit CapturedOutput::default_limit() const {
  return is_journal_ ? kLimitOfJournald : OutputLimit{};
}

// A terminal would interpret control characters in the output, so it is escaped there; a file gets
// it unchanged.
void CapturedOutput::write(std::vector<std::string> lines) {
  if (is_journal_) {
    for (std::string& line : lines) writer_.write(std::move(line));
    return;
  }
  std::string all;
  for (const std::string& line : lines) all += line;
  writer_.write(is_terminal_ ? escape_lines(all) : std::move(all));
}

}  // namespace pyfault

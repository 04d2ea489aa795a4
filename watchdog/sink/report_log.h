// The log: takes reports without ever waiting, and writes them in order on a thread of its own.
//
// At most kQueuedReports wait for a slow descriptor; later ones are dropped and counted, so that
// the first report of a series, the cause, survives.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "watchdog/os/unique_fd.h"
#include "watchdog/sink/describe_loss.h"

namespace pyfault {

inline constexpr std::size_t kQueuedReports = 256;

class ReportLog {
 public:
  // Starts the thread: a crash may come of having no threads left. Throws std::system_error.
  ReportLog(UniqueFd fd, DescribeLoss describe_loss);
  ~ReportLog();  // does not wait: finish() first
  ReportLog(const ReportLog&) = delete;
  ReportLog& operator=(const ReportLog&) = delete;

  // An empty report is none. One thread only.
  void write(std::string report);

  // Writes out what waits, for `limit` at most: a descriptor that takes nothing must not hold up
  // the end of the process. Then the log's thread is left behind in its write, so end with _exit or
  // a signal. Returns how many reports are lost without a word in the log. Call once, last.
  std::uint64_t finish(std::chrono::milliseconds limit);

 private:
  struct Shared;

  std::shared_ptr<Shared> shared_;  // with the thread
  std::uint64_t reports_ = 0;
};

}  // namespace pyfault

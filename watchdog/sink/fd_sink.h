// Writes reports to the log's descriptor: each in one write(2), as it is, nothing added.
//
// What a file can't take whole (ENOSPC, EFBIG, ...) is taken back, so that no torn report stays in
// it. Whether to try again is decided by the caller, see error(). Never throws for it. Waits where
// the descriptor makes it wait, so it belongs on a thread of its own.
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <cstdint>
#include <string_view>

#include "watchdog/sink/log_file.h"
#include "watchdog/sink/log_notices.h"

namespace pyfault {

class FdSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  FdSink(LogFile file, LogNotices notices);

  // Why the last report that was given to log() is not written; 0 when it is.
  int error() const noexcept { return error_; }

  // A report is given up, here or on its way here. Told in the log before the next one that gets
  // through, or at the flush. Any thread.
  void count_lost() noexcept { ++lost_; }

  // Reports that are written, and lost ones that were told. Any thread.
  std::uint64_t settled() const noexcept { return settled_; }

  // Tells that `count` of the reports above came late. False when even that can't be written.
  bool tell_late(std::uint64_t count);

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;
  bool follow_name();
  bool write_report(std::string_view report);

  LogFile file_;
  LogNotices notices_;
  std::atomic<std::uint64_t> lost_ = 0;
  std::atomic<std::uint64_t> settled_ = 0;
  int error_ = 0;
  bool mid_line_ = false;  // the last report broke off, and could not be taken back
};

}  // namespace pyfault

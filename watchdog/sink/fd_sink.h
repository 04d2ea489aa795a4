// Writes reports to a descriptor: each in one write(2), as it is, nothing added.
//
// What can't be written (EPIPE, ENOSPC, ...) is lost, counted, and told in the log as soon as that
// can be written to again. Never throws for it. Waits where the descriptor makes it wait, so it
// belongs on a thread of its own.
#pragma once

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <cstdint>
#include <string_view>

#include "watchdog/os/unique_fd.h"
#include "watchdog/sink/describe_loss.h"

namespace pyfault {

class FdSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  FdSink(UniqueFd fd, DescribeLoss describe_loss);

  // A report was lost on its way here. Any thread.
  void count_lost() noexcept { ++lost_; }

  // Reports that are written, and lost ones that were told. Any thread.
  std::uint64_t settled() const noexcept { return settled_; }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;
  bool write_report(std::string_view report);

  UniqueFd fd_;
  DescribeLoss describe_loss_;
  std::atomic<std::uint64_t> lost_ = 0;
  std::atomic<std::uint64_t> settled_ = 0;
  bool mid_line_ = false;  // the last report broke off
};

}  // namespace pyfault

#include "watchdog/sink/report_log.h"

#include <spdlog/details/log_msg.h>
#include <spdlog/details/mpmc_blocking_q.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <exception>
#include <future>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include "watchdog/sink/fd_sink.h"

namespace pyfault {
namespace {

// The queue can't wait for ever.
constexpr std::chrono::hours kIdleWait{24};
constexpr std::chrono::milliseconds kRetryAtEnd{50};

constexpr std::string_view kEndMark;  // no report is empty

}  // namespace

class ReportLog::Writer {
 public:
  Writer(LogFile file, LogNotices notices, LogPatience patience)
      : trouble_(notices.trouble),
        patience_(patience),
        sink_(std::move(file), std::move(notices)) {}

  void run();
  void accept(std::string report);
  void end();
  void wait_for_end(std::chrono::milliseconds limit) { emptied_.get_future().wait_for(limit); }
  std::uint64_t settled() const { return sink_.settled(); }

 private:
  using Clock = std::chrono::steady_clock;

  void write(const std::string& report) noexcept;
  bool try_to_write(const std::string& report);
  bool keep_trying(const std::string& report);
  bool wait_to_retry();
  void tell_late();
  void flush();

  const std::function<void(int)> trouble_;
  const LogPatience patience_;
  FdSink sink_;
  spdlog::details::mpmc_blocking_queue<std::string> queue_{kQueuedReports +
                                                           2};  // and the end marks
  std::atomic<std::size_t> queued_bytes_ = 0;
  std::promise<void> emptied_;

  std::mutex mutex_;  // guards the next three
  std::condition_variable ending_begins_;
  bool ending_ = false;
  Clock::time_point deadline_;

  // Known to the log's thread alone.
  bool trouble_told_ = false;
  std::uint64_t late_ = 0;  // written after a failure, not told yet
  std::size_t behind_ = 0;  // reports still in the queue that waited for it to pass
};

void ReportLog::Writer::accept(std::string report) {
  if (queue_.size() >= kQueuedReports || queued_bytes_ + report.size() > kQueuedBytes) {
    sink_.count_lost();
    return;
  }
  queued_bytes_ += report.size();
  queue_.enqueue_nowait(std::move(report));
}

void ReportLog::Writer::end() {
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(ending_, true)) deadline_ = Clock::now() + patience_.at_end;
  }
  ending_begins_.notify_one();
  queue_.enqueue_nowait(std::string(kEndMark));
}

void ReportLog::Writer::run() {
  std::string report;
  do {
    while (!queue_.dequeue_for(report, kIdleWait)) {
    }
    write(report);
    queued_bytes_ -= report.size();
  } while (report != kEndMark);
  emptied_.set_value();
}

void ReportLog::Writer::write(const std::string& report) noexcept try {
  if (report == kEndMark) {
    flush();
  } else if (try_to_write(report)) {
    if (behind_ > 0) ++late_, --behind_;
    tell_late();
  } else if (keep_trying(report)) {
    ++late_;
    behind_ = queue_.size();
    tell_late();
  } else {
    sink_.count_lost();
  }
} catch (const std::exception&) {
  sink_.count_lost();
}

bool ReportLog::Writer::try_to_write(const std::string& report) {
  sink_.log(spdlog::details::log_msg("reports", spdlog::level::info, report));
  return sink_.error() == 0;
}

// A packet socket will never take a report that is too large for it.
bool ReportLog::Writer::keep_trying(const std::string& report) {
  if (sink_.error() == EMSGSIZE) return false;
  if (!std::exchange(trouble_told_, true)) trouble_(sink_.error());
  while (wait_to_retry()) {
    if (try_to_write(report)) {
      trouble_told_ = false;
      return true;
    }
  }
  return false;
}

// False: it is time to give up. A pipe that has lost its reader gets none at the end.
bool ReportLog::Writer::wait_to_retry() {
  std::unique_lock lock(mutex_);
  if (!ending_) {
    ending_begins_.wait_for(lock, patience_.retry, [this] { return ending_; });
    return true;
  }
  if (sink_.error() == EPIPE || Clock::now() >= deadline_) return false;
  lock.unlock();
  std::this_thread::sleep_for(std::min<Clock::duration>(kRetryAtEnd, deadline_ - Clock::now()));
  return true;
}

// Once the log has caught up.
void ReportLog::Writer::tell_late() {
  if (late_ > 0 && behind_ == 0 && sink_.tell_late(late_)) late_ = 0;
}

void ReportLog::Writer::flush() {
  behind_ = 0;
  tell_late();
  sink_.flush();
}

ReportLog::ReportLog(LogFile file, LogNotices notices, LogPatience patience)
    : writer_(std::make_shared<Writer>(std::move(file), std::move(notices), patience)) {
  std::thread([writer = writer_] { writer->run(); }).detach();
}

ReportLog::~ReportLog() {
  writer_->end();
}

void ReportLog::write(std::string report) {
  if (report.empty()) return;
  ++reports_;
  writer_->accept(std::move(report));
}

std::uint64_t ReportLog::finish(std::chrono::milliseconds limit) {
  writer_->end();
  writer_->wait_for_end(limit);
  return reports_ - writer_->settled();
}

}  // namespace pyfault

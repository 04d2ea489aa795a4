#include "watchdog/sink/async_writer.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <exception>
#include <future>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include "watchdog/sink/retry_delay.h"

namespace pyfault {
namespace {

constexpr std::chrono::milliseconds kRetryAtEnd{50};

}  // namespace

struct QueuedReport {
  std::function<std::string()> render;
  std::size_t bytes = 0;
};

class AsyncWriter::Writer {
 public:
  Writer(std::unique_ptr<Sink> sink, LogNotices notices, RetryPolicy policy,
         std::size_t most_queued)
      : sink_(std::move(sink)),
        notices_(std::move(notices)),
        policy_(policy),
        most_queued_(most_queued) {}

  void run();
  void accept(QueuedReport report);
  void end();
  void wait_for_end(std::chrono::milliseconds limit) { emptied_.get_future().wait_for(limit); }
  std::uint64_t settled() const { return settled_; }
  std::uint64_t dropped() const { return dropped_; }
  int error() const { return error_; }
  bool has_ended() const { return has_ended_; }

 private:
  using Clock = std::chrono::steady_clock;

  std::optional<QueuedReport> next();
  void forget(const QueuedReport& written);
  std::size_t queued();
  void write(const QueuedReport& report) noexcept;
  bool try_to_write(const std::string& report);
  bool keep_trying(const std::string& report);
  bool wait_to_retry();
  void count_lost() noexcept { ++lost_, ++dropped_; }
  bool write_notice(const std::string& notice);
  void tell_lost();
  void tell_late();
  void flush() noexcept;

  const std::unique_ptr<Sink> sink_;
  const LogNotices notices_;
  const RetryPolicy policy_;
  const std::size_t most_queued_;
  std::atomic<std::uint64_t> lost_ = 0;     // given up, without a notice in the log yet
  std::atomic<std::uint64_t> dropped_ = 0;  // given up, in total
  std::atomic<std::uint64_t> settled_ = 0;  // written, or given up with a notice
  std::atomic<int> error_ = 0;              // of the last try
  std::atomic<bool> has_ended_ = false;
  std::promise<void> emptied_;

  std::mutex mutex_;                 // guards the next five
  std::condition_variable changed_;  // a report has been queued, or the end has begun
  std::deque<QueuedReport> queue_;
  std::size_t queued_bytes_ = 0;  // including the report that is being written
  bool ending_ = false;
  Clock::time_point deadline_;

  // Used by the log's thread only.
  RetryDelay delay_{policy_.retry, policy_.longest_retry};
  bool trouble_told_ = false;
  std::uint64_t late_ = 0;  // written late because of a failure, without a notice yet
  std::size_t behind_ = 0;  // queued reports that the failure has delayed
};

void AsyncWriter::Writer::accept(QueuedReport report) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= most_queued_ || queued_bytes_ + report.bytes > kQueuedBytes) {
      return count_lost();
    }
    const std::size_t bytes = report.bytes;
    queue_.push_back(std::move(report));  // may throw: then nothing has changed
    queued_bytes_ += bytes;
  }
  changed_.notify_one();
}

void AsyncWriter::Writer::end() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ending_, true)) return;
    deadline_ = Clock::now() + policy_.at_end;
  }
  changed_.notify_one();
}

void AsyncWriter::Writer::run() {
  while (const std::optional<QueuedReport> report = next()) {
    write(*report);
    forget(*report);
  }
  flush();
  has_ended_ = true;
  emptied_.set_value();
}

// Waits for the next report. Returns nullopt when the end has begun and the queue is empty.
std::optional<QueuedReport> AsyncWriter::Writer::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
  if (queue_.empty()) return std::nullopt;
  std::optional<QueuedReport> report(std::move(queue_.front()));
  queue_.pop_front();
  return report;
}

void AsyncWriter::Writer::forget(const QueuedReport& written) {
  const std::lock_guard lock(mutex_);
  queued_bytes_ -= written.bytes;
}

std::size_t AsyncWriter::Writer::queued() {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void AsyncWriter::Writer::write(const QueuedReport& report) noexcept try {
  const std::string text = report.render();
  if (text.empty()) {
    ++settled_;
    if (behind_ > 0) --behind_;
  } else if (try_to_write(text)) {
    if (behind_ > 0) ++late_, --behind_;
    tell_late();
  } else if (keep_trying(text)) {
    ++late_;
    behind_ = queued();
    tell_late();
  } else {
    if (error_ == EMSGSIZE) error_ = 0;  // the report is to blame, not the sink
    count_lost();
  }
} catch (const std::exception&) {
  count_lost();
}

bool AsyncWriter::Writer::try_to_write(const std::string& report) {
  tell_lost();
  error_ = sink_->write(report);
  if (error_ == 0) ++settled_;
  return error_ == 0;
}

// Retries until the report is written or given up. A datagram socket never accepts a report that is
// too large for it (EMSGSIZE).
bool AsyncWriter::Writer::keep_trying(const std::string& report) {
  if (error_ == EMSGSIZE) return false;
  if (!std::exchange(trouble_told_, true)) notices_.trouble(error_);
  while (wait_to_retry()) {
    if (try_to_write(report)) {
      trouble_told_ = false;
      delay_.reset();
      return true;
    }
  }
  return false;
}

// Returns false when it is time to give up. At the end, EPIPE is final: a pipe gets no new reader.
bool AsyncWriter::Writer::wait_to_retry() {
  std::unique_lock lock(mutex_);
  if (!ending_) {
    changed_.wait_for(lock, delay_.next(), [this] { return ending_; });
    return true;
  }
  if (error_ == EPIPE || Clock::now() >= deadline_) return false;
  lock.unlock();
  std::this_thread::sleep_for(std::min<Clock::duration>(kRetryAtEnd, deadline_ - Clock::now()));
  return true;
}

bool AsyncWriter::Writer::write_notice(const std::string& notice) {
  return !notice.empty() && sink_->write(notice) == 0;
}

// Writes the notice of lost reports before the next report. If the format has no such notice, the
// count is kept.
void AsyncWriter::Writer::tell_lost() {
  const std::uint64_t lost = lost_;
  if (lost == 0 || !write_notice(notices_.lost(lost))) return;
  lost_ -= lost;
  settled_ += lost;
}

// Writes the notice of late reports once the log has caught up.
void AsyncWriter::Writer::tell_late() {
  if (late_ == 0 || behind_ > 0) return;
  const std::string notice = notices_.late(late_);
  if (notice.empty() || write_notice(notice)) late_ = 0;
}

void AsyncWriter::Writer::flush() noexcept try {
  behind_ = 0;
  tell_late();
  tell_lost();
} catch (const std::exception&) {
}

AsyncWriter::AsyncWriter(std::unique_ptr<Sink> sink, LogNotices notices, RetryPolicy policy,
                         LogStart start, std::size_t most_queued)
    : writer_(std::make_shared<Writer>(std::move(sink), std::move(notices), policy, most_queued)) {
  if (start == LogStart::kNow) this->start();
}

void AsyncWriter::start() {
  if (started_) return;
  std::thread([writer = writer_] { writer->run(); }).detach();
  started_ = true;
}

AsyncWriter::~AsyncWriter() {
  writer_->end();
}

void AsyncWriter::write(std::function<std::string()> render, std::size_t bytes) {
  ++reports_;
  writer_->accept({std::move(render), bytes});
  start_if_possible();
}

void AsyncWriter::write(std::string report) {
  if (report.empty()) return;
  const std::size_t bytes = report.size();
  write([report = std::move(report)]() mutable { return std::move(report); }, bytes);
}

// On failure, the next report tries again.
void AsyncWriter::start_if_possible() noexcept try { start(); } catch (const std::exception&) {
}

void AsyncWriter::begin_finish() {
  writer_->end();
}

std::uint64_t AsyncWriter::finish(std::chrono::milliseconds limit) {
  begin_finish();
  if (reports_ > 0) start_if_possible();
  if (started_) writer_->wait_for_end(limit);
  return reports_ - writer_->settled();
}

bool AsyncWriter::has_ended() const {
  return writer_->has_ended() || (!started_ && reports_ == 0);
}

int AsyncWriter::error() const {
  return writer_->error();
}

std::uint64_t AsyncWriter::dropped() const {
  return writer_->dropped();
}

}  // namespace pyfault

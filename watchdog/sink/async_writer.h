// The queue of a log: accepts reports without blocking, and renders and writes them to its sink in
// order, on a thread of its own.
//
// A report that cannot be written (a full disk, a collector that is down) is kept and retried, and
// later ones wait behind it. The queue is bounded in reports and in bytes (kQueuedBytes). When it
// is full, new reports are dropped and counted: the first report of a series, usually the cause, is
// kept.
//
// spdlog, which prints the watchdog's own messages (log_error.cc), cannot do this. Its asynchronous
// logger offers a message to a sink once, and what a sink throws is passed to an error handler
// without the message: nothing can be retried, in order, or counted by what became of it. Its queue
// is bounded in messages only, and when it is full either blocks the caller or overwrites the
// oldest; its end waits for the queue without a limit; and the caller's thread does the formatting.
// Its file sinks write through stdio, which leaves part of a report behind when the disk is full.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "watchdog/sink/log_notices.h"
#include "watchdog/sink/sink.h"

namespace pyfault {

inline constexpr std::size_t kQueuedReports =
    2048;  // as many crashes as one process can record at once
inline constexpr std::size_t kQueuedBytes = std::size_t{64} << 20;

struct RetryPolicy {
  std::chrono::milliseconds retry{1000};   // between two tries, while the program runs
  std::chrono::milliseconds at_end{2000};  // how long to retry after finish() has begun
  // Delays double up to this. If it is not above `retry`, the delay is constant.
  std::chrono::milliseconds longest_retry{0};
};

// When a log's thread starts. Starting it takes a millisecond, which matters for a short-lived
// program. But starting it with the first report may be too late: lack of threads may be the cause
// of a crash.
enum class LogStart { kNow, kLater };

class AsyncWriter {
 public:
  // Throws std::system_error if the thread is to start now and cannot be created.
  AsyncWriter(std::unique_ptr<Sink> sink, LogNotices notices, RetryPolicy policy = {},
              LogStart start = LogStart::kNow, std::size_t most_queued = kQueuedReports);

  // After kLater: starts the thread unless it runs already. write() does the same. If no thread can
  // be created, reports are queued and the next write() tries again.
  void start_if_possible() noexcept;
  ~AsyncWriter();  // does not wait: finish() first
  AsyncWriter(const AsyncWriter&) = delete;
  AsyncWriter& operator=(const AsyncWriter&) = delete;

  // Queues a report. `render` is called once, on the log's thread; an empty result means no report.
  // `bytes` is the memory that `render` holds. It is destroyed when the report has been written or
  // given up. Must always be called on the same thread.
  void write(std::function<std::string()> render, std::size_t bytes);
  void write(std::string report);

  // Begins finish() without waiting, so that several logs can finish in parallel.
  void begin_finish();

  // Writes the queued reports for at most `limit`: a blocked descriptor must not delay the end of
  // the process. After that the log's thread may still be blocked in its write, so the process must
  // end with _exit or by a signal. Returns how many reports were lost without a notice in the log.
  // To be called once, last.
  std::uint64_t finish(std::chrono::milliseconds limit);

  // Whether nothing is left to be done after begin_finish(): finish() would not wait. Thread-safe.
  bool has_ended() const;

  // The errno of the last failed try; 0 while the log can be written to. Thread-safe.
  int error() const;

  // The number of reports given up, whether or not a notice said so. Thread-safe.
  std::uint64_t dropped() const;

 private:
  class Writer;

  void start();

  std::shared_ptr<Writer> writer_;  // shared with the thread
  bool started_ = false;
  std::uint64_t reports_ = 0;
};

}  // namespace pyfault

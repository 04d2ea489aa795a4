// A log: takes reports without ever waiting, and gives them in order to its sink, on a thread of
// its own, on which they are rendered too.
//
// A report that can't be written (a full disk, a collector that is down) is kept and tried again,
// and those that come after it wait behind it. At most so many reports, of kQueuedBytes, wait;
// later ones are dropped and counted, so that the first report of a series, the cause, survives.
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
    2048;  // as many crashes as one process may have at once
inline constexpr std::size_t kQueuedBytes = std::size_t{64} << 20;

struct RetryPolicy {
  std::chrono::milliseconds retry{1000};   // between two tries, while the program runs
  std::chrono::milliseconds at_end{2000};  // to go on trying after that
  // Each wait is twice as long as the one before, up to this; not above `retry`: all are the same.
  std::chrono::milliseconds longest_retry{0};
};

// When a log's thread starts. It takes a millisecond of a process that lives for a few. But the
// first report is late for it: a crash may come of having no threads left.
enum class LogStart { kNow, kLater };

class AsyncWriter {
 public:
  // Throws std::system_error when there is no thread to be had now.
  AsyncWriter(std::unique_ptr<Sink> sink, LogNotices notices, RetryPolicy patience = {},
              LogStart start = LogStart::kNow, std::size_t most_queued = kQueuedReports);

  // After kLater: at the latest now. The first report does the same. Where there is no thread to be
  // had they wait, and the next one tries again.
  void start_if_possible() noexcept;
  ~AsyncWriter();  // does not wait: finish() first
  AsyncWriter(const AsyncWriter&) = delete;
  AsyncWriter& operator=(const AsyncWriter&) = delete;

  // What `render` gives back, called once, on the log's thread; an empty report is none. `bytes`:
  // what it takes meanwhile. It is kept until the report has been written, or given up. One thread
  // only.
  void write(std::function<std::string()> render, std::size_t bytes);
  void write(std::string report);

  // Of several logs that are about to finish(), so that none waits for another.
  void begin_finish();

  // Writes out what waits, for `limit` at most: a descriptor that takes nothing must not hold up
  // the end of the process. Then the log's thread is left behind in its write, so end with _exit or
  // a signal. Returns how many reports are lost without a word in the log. Call once, last.
  std::uint64_t finish(std::chrono::milliseconds limit);

  // The errno for which the last try failed; 0 while it can be written to. Any thread.
  int error() const;

  // Reports that were given up, told or not. Any thread.
  std::uint64_t dropped() const;

 private:
  class Writer;

  void start();

  std::shared_ptr<Writer> writer_;  // with the thread
  bool started_ = false;
  std::uint64_t reports_ = 0;
};

}  // namespace pyfault

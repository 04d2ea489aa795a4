// One log: events in, filtered, and behind a queue (sink/report_log.h) rendered in its own format
// and given to its sink. It never waits, and fails alone.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/log/formatter.h"
#include "watchdog/log/log_settings.h"
#include "watchdog/sink/async_writer.h"

namespace pyfault {

// What an event becomes in such a log: a report by each formatter that does not return an empty
// one. Whether the terminal takes colours is looked up here.
std::vector<Formatter> formatters_for(const LogSettings& settings);

// Told on the log's thread, once until it can be written to again: what is wrong with it, in words.
// It may outlive the log.
using TroubleHandler = std::function<void(const std::string& trouble)>;

class EventLog {
 public:
  // Opens what the settings name. `host` is for what it says of itself. Without a handler trouble
  // is said on stderr. Throws StartError.
  EventLog(LogSettings settings, const std::string& host, LogStart start = LogStart::kNow,
           const TroubleHandler& on_trouble = {});

  // See AsyncWriter.
  void start_if_possible() noexcept { log_.start_if_possible(); }

  void write(const std::shared_ptr<const Event>& event);

  // See AsyncWriter. What could not be written is said on stderr.
  void begin_finish() { log_.begin_finish(); }
  void finish(std::chrono::milliseconds limit);

  std::uint64_t dropped() const { return log_.dropped(); }

  // The errno for which it can't be written to now; else 0.
  int error() const { return log_.error(); }
  const LogSettings& settings() const { return settings_; }

 private:
  const LogSettings settings_;
  const std::vector<Formatter> formatters_;
  AsyncWriter log_;
};

}  // namespace pyfault

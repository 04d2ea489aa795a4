// One log: filters events, renders them in its format and writes them to its sink through a queue
// (sink/async_writer.h). It never blocks the caller, and its failure does not affect other logs.
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

// Returns the formatters of such a log. Each non-empty result is one report. Whether the terminal
// supports colours is determined here.
std::vector<Formatter> formatters_for(const LogSettings& settings);

// Receives a description of what is wrong with a log, once until it can be written to again. Called
// on the log's thread; may outlive the log.
using TroubleHandler = std::function<void(const std::string& trouble)>;

class EventLog {
 public:
  // Opens the target of the settings. `host` is for the log's own notices. Without a handler,
  // trouble is reported on stderr. Throws StartError.
  EventLog(LogSettings settings, const std::string& host, LogStart start = LogStart::kNow,
           const TroubleHandler& on_trouble = {});

  // See AsyncWriter.
  void start_if_possible() noexcept { log_.start_if_possible(); }

  void write(const std::shared_ptr<const Event>& event);

  // See AsyncWriter. The number of reports that could not be written is printed on stderr, and
  // returned in words; empty if there are none.
  void begin_finish() { log_.begin_finish(); }
  bool has_ended() const { return log_.has_ended(); }
  std::string finish(std::chrono::milliseconds limit);

  std::uint64_t dropped() const { return log_.dropped(); }

  // The errno why it cannot be written to now, or 0.
  int error() const { return log_.error(); }
  const LogSettings& settings() const { return settings_; }

 private:
  const LogSettings settings_;
  const std::vector<Formatter> formatters_;
  AsyncWriter log_;
};

}  // namespace pyfault

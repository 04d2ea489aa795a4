// Distributes events to the logs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/event/event_sink.h"
#include "watchdog/log/event_log.h"
#include "watchdog/log/log_settings.h"

namespace pyfault {

class Reporter final : public EventSink {
 public:
  // Opens the logs, and starts their threads now or with start_if_possible(). Throws StartError.
  explicit Reporter(std::vector<LogSettings> logs, LogStart start = LogStart::kNow);

  // After kLater; see AsyncWriter.
  void start_if_possible() noexcept;

  // A set of logs to replace the current ones. Only those that are new have been opened.
  struct NewLogs {
    std::vector<LogSettings> wanted;
    std::vector<std::unique_ptr<EventLog>> opened;
  };

  // `present` must be the current settings(). Opens files, which may block for long; may be called
  // on any thread. A log that cannot be opened is reported to `on_failure` and left out; without
  // `on_failure`, StartError is thrown.
  static NewLogs open(std::vector<LogSettings> wanted, const std::vector<LogSettings>& present,
                      const TroubleHandler& on_trouble = {}, LogStart start = LogStart::kNow,
                      const std::function<void(const std::string& why)>& on_failure = {});
  std::vector<LogSettings> settings() const;

  // Replaces the logs. A log with unchanged settings continues undisturbed. One that is no longer
  // wanted still writes its queued reports; the next event after that is preceded by a notice of
  // those that it could not write.
  void take(NewLogs logs);

  const std::string& host() const { return host_; }

  // Adds the host, and the current time if the event has none. Does not wait for any log.
  void on_event(Event event) override;

  // Returns the last part of all log files, to find out what a watchdog that was killed had
  // written.
  std::string ends_of_files() const;

  // Finishes all logs within `limit` in total (AsyncWriter::finish). What a log could not take is
  // reported on stderr. Must be the last call.
  void finish(std::chrono::milliseconds limit);

  // Returns by log name the errno why the log cannot be written to now, or 0.
  std::map<std::string, int> errors() const;

  // The total number of reports that logs have given up.
  std::uint64_t dropped() const;

 private:
  void write(Event event);
  void dismiss_the_ended();

  const std::string host_;
  std::vector<std::unique_ptr<EventLog>> logs_;
  std::vector<std::unique_ptr<EventLog>> leaving_;  // no longer wanted; they write what they have
  std::uint64_t dropped_before_ = 0;                // by logs that are gone
};

// Returns the settings for --log (none: stderr) and --log-format.
LogSettings log_by_option(const std::optional<std::string>& file, LogFormat format);

}  // namespace pyfault

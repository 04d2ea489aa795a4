// Events to the logs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/log/event_log.h"
#include "watchdog/log/log_settings.h"

namespace pyfault {

class Reporter {
 public:
  // Opens the logs, and starts their threads now or with start(). Throws StartError.
  explicit Reporter(std::vector<LogSettings> logs, LogStart start = LogStart::kNow);

  // After kLater; see AsyncWriter.
  void start_if_possible() noexcept;

  // Logs that may take the place of others, opened where they are not there yet.
  struct NewLogs {
    std::vector<LogSettings> wanted;
    std::vector<std::unique_ptr<EventLog>> opened;
  };

  // `present` are the settings() now. Opens files, which may take long; for any thread. One that
  // can't be opened is told to `on_failure` and left out; without that it throws StartError.
  static NewLogs open(std::vector<LogSettings> wanted, const std::vector<LogSettings>& present,
                      const TroubleHandler& on_trouble = {}, LogStart start = LogStart::kNow,
                      const std::function<void(const std::string& why)>& on_failure = {});
  std::vector<LogSettings> settings() const;

  // From here on these are the logs. One that is as it was goes on undisturbed; one that is no
  // longer wanted writes out what waits.
  void take(NewLogs logs);

  const std::string& host() const { return host_; }

  // Adds the host, and the present time to an event that has none. Does not wait for any log.
  void report(Event event);

  // What was written last to the logs that are files: a watchdog that was killed may have come as
  // far as that.
  std::string ends_of_files() const;

  // The last act, for `limit` in all, see AsyncWriter::finish: what a log could not take is said on
  // stderr.
  void finish(std::chrono::milliseconds limit);

  // Of each log, by its name, the errno for which it can't be written to now; else 0.
  std::map<std::string, int> errors() const;

  // Reports that logs have given up, ever.
  std::uint64_t dropped() const;

 private:
  const std::string host_;
  std::vector<std::unique_ptr<EventLog>> logs_;
  std::uint64_t dropped_before_ = 0;  // by logs that are gone
};

// What --log (none: stderr) and --log-format ask for.
LogSettings log_by_option(const std::optional<std::string>& file, LogFormat format);

}  // namespace pyfault

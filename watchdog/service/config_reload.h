// Reloads the configuration: reads it off the event loop, because a disk or the user database may
// hang, and applies it on the loop. One reload is under way at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "watchdog/config/parse_config.h"
#include "watchdog/loop/background.h"
#include "watchdog/reporter.h"

namespace pyfault {

// The configuration file as it was read, with its logs opened.
struct ReadConfiguration {
  LoadedConfig loaded;
  Reporter::NewLogs logs;
  std::string failure;  // why the logs could not be opened; else empty
};

class ConfigReload {
 public:
  // Called with all that is wrong with the configuration, one sentence each; empty: it was applied.
  using Done = std::function<void(const std::vector<std::string>& mistakes)>;

  struct Steps {
    // Called when a reload begins. What it returns runs off the loop, and must own all that it
    // touches.
    std::function<std::function<ReadConfiguration()>()> begin;
    // Applies what was read, or changes nothing. Returns what is wrong with it.
    std::function<std::vector<std::string>(ReadConfiguration& read)> apply;
    Done end;
  };

  // `file` is the name of the file in messages.
  ConfigReload(boost::asio::io_context& io, std::string file, Steps steps);
  ConfigReload(const ConfigReload&) = delete;
  ConfigReload& operator=(const ConfigReload&) = delete;

  // The file may have changed since a reload under way began, so that a request that arrives
  // meanwhile is carried out after it. `done` may be empty.
  void request(Done done);

 private:
  void begin();
  void end(const std::vector<Done>& asked, const std::vector<std::string>& mistakes);

  const std::string file_;
  const Steps steps_;
  Background reading_;
  std::vector<Done> asked_;  // callbacks of the next reload
  bool is_reading_ = false;
};

}  // namespace pyfault

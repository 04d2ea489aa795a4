// Looks up users and groups off the event loop, separately for each: a slow user database delays
// only the workers that need it.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "watchdog/config/config.h"
#include "watchdog/loop/background.h"

namespace pyfault {

class RunAsLookups {
 public:
  explicit RunAsLookups(boost::asio::io_context& io) : io_(io) {}

  // Returns the Background in which to run resolve_run_as() for this worker's user and group.
  Background& of(const WorkerConfig& worker) {
    return by_name_.try_emplace({worker.user, worker.group}, io_, kLookupTimeout).first->second;
  }

 private:
  static constexpr std::chrono::seconds kLookupTimeout{30};

  boost::asio::io_context& io_;
  std::map<std::pair<std::string, std::string>, Background> by_name_;
};

}  // namespace pyfault

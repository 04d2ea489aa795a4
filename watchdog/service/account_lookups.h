// Where users and groups are looked up: beside the loop, and each account by itself, so that one
// whose directory is far away holds up no worker of another.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>

#include "watchdog/config/config.h"
#include "watchdog/ingest/background.h"

namespace pyfault {

class AccountLookups {
 public:
  explicit AccountLookups(boost::asio::io_context& io) : io_(io) {}

  // For find_account() of this worker's user and group.
  Background& of(const WorkerConfig& worker) {
    return by_account_.try_emplace({worker.user, worker.group}, io_, kRetryPolicy).first->second;
  }

 private:
  static constexpr std::chrono::seconds kRetryPolicy{30};

  boost::asio::io_context& io_;
  std::map<std::pair<std::string, std::string>, Background> by_account_;
};

}  // namespace pyfault

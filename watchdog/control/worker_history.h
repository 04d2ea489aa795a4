// What has become of each worker before, gathered from the events. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/control/status.h"
#include "watchdog/event/event.h"

namespace pyfault {

class WorkerHistory {
 public:
  struct Past {
    std::optional<LastExit> last_exit;
    std::optional<LastCrash> last_crash;
  };

  void note(const Event& event);

  // Others are forgotten.
  void keep_only(const std::vector<std::string>& workers);

  const Past& of(const std::string& worker) const;

 private:
  std::map<std::string, Past> pasts_;
};

}  // namespace pyfault

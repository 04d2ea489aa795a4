// Tracks an operator's command until it has a result for every worker.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/control/control_session.h"
#include "watchdog/service/command_result.h"

namespace pyfault {

class PendingCommand {
 public:
  PendingCommand(std::weak_ptr<ControlSession> session, WorkerCommand command,
                 std::vector<std::string> workers)
      : session_(std::move(session)), command_(command), pending_(std::move(workers)) {}

  // Sends the results that are known by now; to be called after each change. Returns false when
  // all have been sent, or the session is gone.
  bool on_change(const std::vector<WorkerSnapshot>& workers);

 private:
  std::weak_ptr<ControlSession> session_;
  WorkerCommand command_;
  std::vector<std::string> pending_;
  bool ok_ = true;
};

}  // namespace pyfault

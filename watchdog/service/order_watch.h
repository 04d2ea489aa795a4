// Tracks an operator's order until it has an outcome for every worker.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/control/control_session.h"
#include "watchdog/service/order_verdict.h"

namespace pyfault {

class OrderWatch {
 public:
  using Look = std::function<std::optional<WorkerStanding>(const std::string& worker)>;

  OrderWatch(std::weak_ptr<ControlSession> session, Order order, std::vector<std::string> workers)
      : session_(std::move(session)), order_(order), pending_(std::move(workers)) {}

  // Sends the outcomes that are known by now; to be called after each change. Returns false when
  // all have been sent, or the session is gone.
  bool look(const Look& look);

 private:
  std::weak_ptr<ControlSession> session_;
  Order order_;
  std::vector<std::string> pending_;
  bool ok_ = true;
};

}  // namespace pyfault

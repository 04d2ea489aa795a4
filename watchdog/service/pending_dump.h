// Tracks an operator's dump request until every process that was asked for its stacks has answered
// or a time limit has passed.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "watchdog/control/control_session.h"
#include "watchdog/event/event.h"
#include "watchdog/loop/timer.h"

namespace pyfault {

class PendingDump {
 public:
  using Asked = std::map<int, std::string>;  // PID to the name of its worker, or kNoWorker
  static constexpr char kNoWorker[] = "";

  PendingDump(boost::asio::io_context& io, std::weak_ptr<ControlSession> session,
              ReportFormat format, Asked asked);

  // Forwards stacks that are awaited, and reports a process that ended without answering.
  void on_event(const Event& event);

  // True when no answer is outstanding, or the session is gone.
  bool is_done() const { return asked_.empty() || session_.expired(); }

 private:
  void on_stacks(const Event& event);
  void miss(int pid, const std::string& why);
  void settle(int pid);
  void give_up();

  std::weak_ptr<ControlSession> session_;
  ReportFormat format_;
  Asked asked_;
  bool ok_ = true;
  Timer time_limit_;
};

}  // namespace pyfault

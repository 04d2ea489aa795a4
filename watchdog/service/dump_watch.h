// An operator waits for the stacks of processes that were asked for them.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "watchdog/control/control_session.h"
#include "watchdog/event/event.h"
#include "watchdog/ingest/timer.h"

namespace pyfault {

class DumpWatch {
 public:
  using Asked = std::map<int, std::string>;  // process, and the worker that it is of

  DumpWatch(boost::asio::io_context& io, std::weak_ptr<ControlSession> session, ReportFormat format,
            Asked asked);

  // Passes on the stacks that it waits for, or that there will be none.
  void note(const Event& event);

  // There is nothing more to come, or nobody to take it.
  bool is_done() const { return asked_.empty() || session_.expired(); }

 private:
  void note_stacks(const Event& event);
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

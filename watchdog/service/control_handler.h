// Where operators' requests are carried out: status, orders, reload, events and dumps. It only
// looks at the workers, and asks the supervisor; whoever has to wait costs nothing meanwhile.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "watchdog/control/control_server.h"
#include "watchdog/control/event_follower.h"
#include "watchdog/control/event_tail.h"
#include "watchdog/ingest/deferred.h"
#include "watchdog/service/dump_watch.h"
#include "watchdog/service/order_watch.h"
#include "watchdog/service/supervisor.h"

namespace pyfault {

class ControlHandler {
 public:
  // Calls back, later, with all that is wrong with the new configuration: nothing when it was
  // taken.
  using Reload = std::function<void(std::function<void(std::vector<std::string>)>)>;

  // What is wrong with the logs now, a sentence each.
  using Troubles = std::function<std::vector<std::string>()>;

  // `configuration` is the file's name. The others outlive it.
  ControlHandler(boost::asio::io_context& io, Supervisor& supervisor, std::string configuration,
                 Reload reload, Troubles troubles);
  ControlHandler(const ControlHandler&) = delete;
  ControlHandler& operator=(const ControlHandler&) = delete;

  void admit(UniqueFd connection) { server_.admit(std::move(connection)); }

  // Every event, complete, as it happens.
  void note(Event event);

  // After each change of a worker's state.
  void look_again();

 private:
  using Session = std::shared_ptr<ControlSession>;

  void take(const Session& session, const StatusRequest& request);
  void take(const Session& session, const OrderRequest& request);
  void take(const Session& session, const ReloadRequest& request);
  void take(const Session& session, const EventsRequest& request);
  void take(const Session& session, const DumpRequest& request);

  void pump();
  std::vector<std::string> names() const;
  // None, and the session is told, where a name means no worker.
  std::optional<std::vector<std::string>> choose(const Session& session,
                                                 const std::vector<std::string>& wanted);
  WorkerStatus status_of(const Supervisor::Standing& standing) const;
  std::optional<WorkerStanding> look_at(const std::string& worker) const;
  DumpWatch::Asked ask_for_stacks(int pid) const;
  DumpWatch::Asked ask_for_stacks(const std::vector<std::string>& workers) const;
  std::string why_no_stacks(const std::string& target,
                            const std::vector<std::string>& workers) const;

  boost::asio::io_context& io_;
  Supervisor& supervisor_;
  const std::string configuration_;
  const Reload reload_;
  const Troubles troubles_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  EventTail tail_;
  std::list<OrderWatch> orders_;
  std::list<DumpWatch> dumps_;
  std::list<std::weak_ptr<EventFollower>> followers_;
  // Not at once: a process that crashes waits until its event has been taken.
  Deferred pumping_{io_, [this] { pump(); }};
  ControlServer server_;
};

}  // namespace pyfault

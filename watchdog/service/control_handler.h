// Carries out operators' requests: status, commands, reload, events and dumps. It only inspects the
// workers and asks the supervisor to act; a request that has to wait does not block the event loop.
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
#include "watchdog/loop/deferred.h"
#include "watchdog/service/config_reload.h"
#include "watchdog/service/guests.h"
#include "watchdog/service/pending_command.h"
#include "watchdog/service/pending_dump.h"
#include "watchdog/service/supervisor.h"

namespace pyfault {

class ControlHandler final : public EventSink {
 public:
  // Reloads the configuration, and calls back when that is done.
  using Reload = std::function<void(ConfigReload::Done)>;

  // Returns the current problems of the logs, one sentence each.
  using Troubles = std::function<std::vector<std::string>()>;

  // `configuration` is the name of the file. `io`, `supervisor` and `guests` must outlive the
  // handler.
  ControlHandler(boost::asio::io_context& io, Supervisor& supervisor, const Guests& guests,
                 std::string configuration, Reload reload, Troubles troubles);
  ControlHandler(const ControlHandler&) = delete;
  ControlHandler& operator=(const ControlHandler&) = delete;

  void admit(UniqueFd connection) { server_.admit(std::move(connection)); }

  // Every event, as it happens and complete.
  void on_event(Event event) override;

  // To be called after changes of workers' states.
  void on_change(const std::vector<WorkerSnapshot>& workers);

 private:
  using Session = std::shared_ptr<ControlSession>;

  void take(const Session& session, const StatusRequest& request);
  void take(const Session& session, const CommandRequest& request);
  void take(const Session& session, const ReloadRequest& request);
  void take(const Session& session, const EventsRequest& request);
  void take(const Session& session, const DumpRequest& request);

  void pump();
  std::vector<std::string> names() const;
  // Returns none, after sending a refusal, if a name matches no worker.
  std::optional<std::vector<std::string>> choose(const Session& session,
                                                 const std::vector<std::string>& wanted);
  PendingDump::Asked ask_for_stacks(int pid) const;
  std::string why_no_stacks(const std::string& target,
                            const std::vector<std::string>& workers) const;

  boost::asio::io_context& io_;
  Supervisor& supervisor_;
  const Guests& guests_;
  const std::string configuration_;
  const Reload reload_;
  const Troubles troubles_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  EventTail tail_;
  std::list<PendingCommand> commands_;
  std::list<PendingDump> dumps_;
  std::list<std::weak_ptr<EventFollower>> followers_;
  // Deferred, because a crashing process waits until its event has been taken.
  Deferred pumping_{io_, [this] { pump(); }};
  ControlServer server_;
};

}  // namespace pyfault

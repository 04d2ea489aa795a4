// Guests: Python processes that are no workers of this service, but have found it (guest_link.h)
// and attached by themselves: `python -m pyfault`, PYFAULT=1, pyfault.enable(). Their crashes,
// dumps and abnormal ends are reported like those of processes below a worker, without a worker's
// name.
//
// A service of root takes guests of every user, another one those of its own. So a guest may be
// hostile. It is who the kernel says it is, and it may only fill its own share: of rings (for each
// user; room that it has asked for counts), and of reports (FloodGate); no minidump is written of
// it. Workers have servers of their own, which no guest reaches.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/control/status.h"
#include "watchdog/event/event_sink.h"
#include "watchdog/ingest/attach_server.h"
#include "watchdog/loop/deferred.h"
#include "watchdog/os/ledger.h"
#include "watchdog/os/listen_fds.h"
#include "watchdog/service/flood_gate.h"
#include "watchdog/service/guest_link.h"
#include "watchdog/service/guest_store.h"
#include "watchdog/service/systemd_notifier.h"

namespace pyfault {

class Guests final : private EventSink {
 public:
  // What they need from the service. All of it must outlive the guests.
  struct Host {
    boost::asio::io_context& io;
    SystemdNotifier& manager;
    Ledger& ledger;
    EventSink& events;
    std::shared_ptr<RecentCrashes> crashes;
    std::shared_ptr<AttachedProcesses> attached;
  };

  // Takes from `inherited` what the previous watchdog left of its guests, for apply().
  Guests(Host host, std::vector<NamedFd>& inherited);
  ~Guests();
  Guests(const Guests&) = delete;
  Guests& operator=(const Guests&) = delete;

  // From now on guests are taken, or none are, and those that there are lose their watchdog. That
  // no guests can be taken is reported in a notice, and the service goes on.
  void apply(bool wanted);

  // Reports what guests have left in their rings. To be called when the service ends.
  void finish();

  // Hands the guests to the next watchdog. Must be the last call.
  void leave();

  // Living processes with an active agent.
  std::size_t watched() const { return server_ ? server_->watched() : 0; }

  // None if no guests are taken.
  std::optional<GuestStatus> status() const;

  // Asks a guest for the stacks of its threads, which arrive as an event. Returns false if `pid` is
  // none, or could not be signalled.
  bool ask_for_stacks(int pid) const;

 private:
  void on_event(Event event) override;

  void open();
  void close();
  AttachLimits limits() const;
  void adopt_or_listen();
  void listen(std::optional<InheritedServer> inherited);
  void keep_sessions();
  void publish();
  void save();
  void say(std::string message);

  const Host host_;
  GuestStore store_;
  FloodGate gate_;
  std::unique_ptr<AttachServer> server_;  // null: no guests are taken
  std::unique_ptr<GuestLink> link_;       // null: they find the address only if they are told
  Deferred saving_;
};

}  // namespace pyfault

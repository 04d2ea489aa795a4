// What the next watchdog needs to go on with the guests (guests.h), kept by the service manager:
// the listener, the rings, and the state of the sessions. Named "guests.ROLE", so that no worker's
// are mistaken for them ("WORKER/TOKEN/ROLE").
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "watchdog/handover/saved_worker.h"
#include "watchdog/ingest/attach_server.h"
#include "watchdog/os/listen_fds.h"
#include "watchdog/os/state_file.h"
#include "watchdog/service/systemd_notifier.h"

namespace pyfault {

class GuestStore {
 public:
  // Takes its own from among the descriptors that the previous watchdog left. `manager` must
  // outlive the store.
  GuestStore(SystemdNotifier& manager, std::vector<NamedFd>& inherited);
  GuestStore(const GuestStore&) = delete;
  GuestStore& operator=(const GuestStore&) = delete;

  bool is_of_use() const { return manager_.is_there(); }

  struct Inherited {
    InheritedServer server;
    std::vector<SavedCrash> recent;
  };
  // What was left, once. None if there is nothing, or nothing that can be used.
  std::optional<Inherited> take_inherited();

  // Keeps a new server's listeners, in place of those of another one.
  void keep_listeners(const std::vector<UniqueFd>& listeners);

  // As SystemdNotifier::keep(). Refuses more than the guests' share of the manager's store.
  bool keep_session(std::uint64_t id, int ring, std::function<void()> kept);
  void drop_session(std::uint64_t id);

  // Drops the rings of all other sessions.
  void save(const SavedGuests& guests);

  // Nothing is kept any more.
  void clear();

 private:
  void drop(const std::string& role);

  SystemdNotifier& manager_;
  std::map<std::string, std::vector<UniqueFd>> inherited_;  // by role
  std::set<std::string> roles_;                             // that are kept now
  std::optional<StateFile> state_;
};

}  // namespace pyfault

// The descriptors and the state of one worker that outlive this watchdog, kept by the service
// manager. Each is named "WORKER/TOKEN/ROLE"; the token distinguishes workers of the same name.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "watchdog/handover/saved_worker.h"
#include "watchdog/os/listen_fds.h"
#include "watchdog/os/state_file.h"
#include "watchdog/service/systemd_notifier.h"

namespace pyfault {

inline constexpr char kListenerRole[] =
    "door";  // the agents' listener; the name is part of the state that an upgrade reads
inline constexpr char kNotifyRole[] = "notify";  // the worker's sd_notify(3) socket
inline constexpr char kPidfdRole[] = "pidfd";
inline constexpr char kOutRole[] = "out";  // read ends of the output pipes
inline constexpr char kErrRole[] = "err";
inline constexpr char kStateRole[] = "state";

// "session.7"
std::string session_role(std::uint64_t id);

// What the previous watchdog left of one worker.
struct InheritedWorker {
  std::string prefix;  // "WORKER/TOKEN"
  SavedWorker saved;
  UniqueFd state;
  std::map<std::string, std::vector<UniqueFd>> descriptors;  // by role

  // Moves out the first descriptor of a role, or all of them. Empty if there are none.
  UniqueFd take(const std::string& role);
  std::vector<UniqueFd> take_all(const std::string& role);
};

struct InheritedDescriptors {
  std::vector<InheritedWorker> workers;

  // Descriptors that cannot be used, and why.
  struct Refused {
    std::string reason;
    std::vector<NamedFd> descriptors;  // their full names
  };
  std::vector<Refused> refused;
};

// Groups the kept descriptors by worker and decodes the state of each.
InheritedDescriptors sort_kept(std::vector<NamedFd> descriptors);

class WorkerStore {
 public:
  // Continues the store of an inherited worker, whose state file it takes.
  WorkerStore(SystemdNotifier& manager, const std::string& worker,
              std::optional<InheritedWorker>& inherited);
  // Removes everything of this worker from the service manager.
  ~WorkerStore();
  WorkerStore(const WorkerStore&) = delete;
  WorkerStore& operator=(const WorkerStore&) = delete;

  // Stores at most two descriptors, which the caller continues to own. See SystemdNotifier::keep().
  bool keep(const std::string& role, std::span<const int> descriptors,
            std::function<void()> kept = {});
  void drop(const std::string& role);

  // The roles that are kept now, except the state.
  const std::set<std::string>& roles() const { return roles_; }

  bool is_of_use() const { return manager_.is_there(); }
  void save(const SavedWorker& saved);

 private:
  SystemdNotifier& manager_;
  std::string prefix_;
  std::optional<StateFile> state_;
  std::set<std::string> roles_;
};

}  // namespace pyfault

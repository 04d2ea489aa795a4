// What of one worker outlives us: its descriptors and its state, at the service manager. Each is
// named "WORKER/TOKEN/ROLE"; the token tells workers of one name apart.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "watchdog/handover/saved_worker.h"
#include "watchdog/os/listen_fds.h"
#include "watchdog/os/state_file.h"
#include "watchdog/service/service_manager.h"

namespace pyfault {

inline constexpr char kListenerRole[] =
    "door";  // for agents; the word is part of the state that an upgrade reads
inline constexpr char kNotifyRole[] = "notify";  // where it says that it is ready
inline constexpr char kPidfdRole[] = "pidfd";
inline constexpr char kOutRole[] = "out";  // read ends
inline constexpr char kErrRole[] = "err";
inline constexpr char kStateRole[] = "state";

// "session.7"
std::string session_role(std::uint64_t id);

// What a watchdog before us has left of one worker.
struct InheritedWorker {
  std::string prefix;  // "WORKER/TOKEN"
  SavedWorker memory;
  UniqueFd state;
  std::map<std::string, std::vector<UniqueFd>> descriptors;  // by role

  // None is empty.
  UniqueFd take(const std::string& role);
  std::vector<UniqueFd> take_all(const std::string& role);
};

struct InheritedDescriptors {
  std::vector<InheritedWorker> workers;

  // What is not to be used, and why.
  struct Refused {
    std::string reason;
    std::vector<NamedFd> descriptors;  // their full names
  };
  std::vector<Refused> refused;
};

InheritedDescriptors sort_kept(std::vector<NamedFd> descriptors);

class WorkerStore {
 public:
  WorkerStore(ServiceManager& manager, const std::string& worker);
  // Goes on with that of `kept`, of which it takes the state.
  WorkerStore(ServiceManager& manager, InheritedWorker& kept);
  // Nothing of it is kept any more.
  ~WorkerStore();
  WorkerStore(const WorkerStore&) = delete;
  WorkerStore& operator=(const WorkerStore&) = delete;

  // At most two descriptors, which stay the caller's.
  void keep(const std::string& role, std::span<const int> descriptors);
  void drop(const std::string& role);

  // What is kept now, but for the state.
  const std::set<std::string>& roles() const { return roles_; }

  bool is_of_use() const { return manager_.is_there(); }
  void save(const SavedWorker& memory);

 private:
  ServiceManager& manager_;
  std::string prefix_;
  std::optional<StateFile> state_;
  std::set<std::string> roles_;
};

}  // namespace pyfault

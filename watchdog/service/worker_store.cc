#include "watchdog/service/worker_store.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "watchdog/os/random_hex.h"

namespace pyfault {
namespace {

constexpr std::size_t kTokenBytes = 4;
constexpr std::size_t kMaxDescriptors = 2;

using Group = std::map<std::string, std::vector<UniqueFd>>;  // by role

struct Name {
  std::string prefix;
  std::string role;
};

// Returns none if the name does not have the form "WORKER/TOKEN/ROLE".
std::optional<Name> parse(const std::string& name) {
  const std::size_t first = name.find('/');
  const std::size_t second = first == name.npos ? first : name.find('/', first + 1);
  if (second == name.npos || first == 0 || second + 1 == name.size()) return std::nullopt;
  return Name{name.substr(0, second), name.substr(second + 1)};
}

std::vector<NamedFd> with_full_names(const std::string& prefix, Group&& group) {
  std::vector<NamedFd> all;
  for (auto& [role, descriptors] : group) {
    const std::string name = std::string(prefix).append("/").append(role);
    for (UniqueFd& fd : descriptors) all.push_back({name, std::move(fd)});
  }
  return all;
}

// Returns none if the state cannot be decoded, or belongs to a worker of another name.
std::optional<SavedWorker> saved_worker(const std::string& prefix, const UniqueFd& state) {
  const StateFile file(UniqueFd(::dup(state.get())));
  const auto content = file.read();
  auto saved = content ? decode_worker(*content) : std::nullopt;
  if (!saved || saved->config.name != prefix.substr(0, prefix.find('/'))) return std::nullopt;
  return saved;
}

void sort_group(const std::string& prefix, Group group, InheritedDescriptors& kept) {
  const auto state = group.find(kStateRole);
  auto saved = state == group.end() ? std::nullopt : saved_worker(prefix, state->second.front());
  if (!saved) {
    const std::string reason =
        "what was kept of worker " + prefix.substr(0, prefix.find('/')) + " can't be used: its " +
        (state == group.end() ? "state is missing" : "state is damaged or of another version");
    kept.refused.push_back({reason, with_full_names(prefix, std::move(group))});
    return;
  }
  const bool again = std::ranges::any_of(kept.workers, [&](const InheritedWorker& other) {
    return other.saved.config.name == saved->config.name;
  });
  if (again) {
    kept.refused.push_back({"worker " + saved->config.name + " was kept twice",
                            with_full_names(prefix, std::move(group))});
    return;
  }
  UniqueFd file = std::move(state->second.front());
  group.erase(state);
  kept.workers.push_back({prefix, std::move(*saved), std::move(file), std::move(group)});
}

// The token distinguishes it from an earlier worker of the same name.
std::string new_prefix(const std::string& worker) {
  return worker + "/" + random_hex(kTokenBytes);
}

}  // namespace

std::string session_role(std::uint64_t id) {
  return "session." + std::to_string(id);
}

UniqueFd InheritedWorker::take(const std::string& role) {
  std::vector<UniqueFd> all = take_all(role);
  return all.empty() ? UniqueFd() : std::move(all.front());
}

std::vector<UniqueFd> InheritedWorker::take_all(const std::string& role) {
  const auto found = descriptors.find(role);
  return found == descriptors.end() ? std::vector<UniqueFd>() : std::move(found->second);
}

InheritedDescriptors sort_kept(std::vector<NamedFd> descriptors) {
  InheritedDescriptors kept;
  std::map<std::string, Group> groups;
  for (NamedFd& each : descriptors) {
    if (const auto name = parse(each.name)) {
      groups[name->prefix][name->role].push_back(std::move(each.fd));
      continue;
    }
    auto& refused = kept.refused.emplace_back();
    refused.reason =
        "a descriptor that the service manager kept has an unknown name: '" + each.name + "'";
    refused.descriptors.push_back(std::move(each));
  }
  for (auto& [prefix, group] : groups) sort_group(prefix, std::move(group), kept);
  return kept;
}

WorkerStore::WorkerStore(SystemdNotifier& manager, const std::string& worker,
                         std::optional<InheritedWorker>& inherited)
    : manager_(manager), prefix_(inherited ? inherited->prefix : new_prefix(worker)) {
  if (inherited) {
    state_.emplace(std::move(inherited->state));
    for (const auto& [role, descriptors] : inherited->descriptors) roles_.insert(role);
  } else if (manager.is_there()) {
    state_.emplace();
    manager.keep(prefix_ + "/" + kStateRole, std::array{state_->descriptor()});
  }
}

WorkerStore::~WorkerStore() {
  if (!state_) return;
  for (const std::string& role : roles_) manager_.drop(prefix_ + "/" + role);
  manager_.drop(prefix_ + "/" + kStateRole);
}

bool WorkerStore::keep(const std::string& role, std::span<const int> descriptors,
                       std::function<void()> kept) {
  if (!state_) return false;
  roles_.insert(role);
  const auto few = descriptors.first(std::min(descriptors.size(), kMaxDescriptors));
  return manager_.keep(prefix_ + "/" + role, few, std::move(kept));
}

void WorkerStore::drop(const std::string& role) {
  if (roles_.erase(role) > 0) manager_.drop(prefix_ + "/" + role);
}

void WorkerStore::save(const SavedWorker& saved) {
  if (state_) state_->write(encode(saved));
}

}  // namespace pyfault

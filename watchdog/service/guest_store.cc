#include "watchdog/service/guest_store.h"

#include <array>
#include <string_view>
#include <utility>

namespace pyfault {
namespace {

constexpr std::string_view kPrefix = "guests.";
constexpr char kListeners[] = "door";
constexpr char kState[] = "state";
constexpr std::string_view kSession = "session.";
// Of the descriptors that our units let systemd keep, most are for workers.
constexpr std::size_t kMaxSessions = 256;

std::string name_of(const std::string& role) {
  return std::string(kPrefix) + role;
}

std::string role_of(std::uint64_t session) {
  return std::string(kSession) + std::to_string(session);
}

bool is_guests(const NamedFd& fd) {
  return fd.name.starts_with(kPrefix) && fd.name.find('/') == fd.name.npos;
}

}  // namespace

GuestStore::GuestStore(SystemdNotifier& manager, std::vector<NamedFd>& inherited)
    : manager_(manager) {
  for (NamedFd& each : inherited) {
    if (!is_guests(each)) continue;
    const std::string role = each.name.substr(kPrefix.size());
    roles_.insert(role);
    inherited_[role].push_back(std::move(each.fd));
  }
  std::erase_if(inherited, is_guests);
}

std::optional<GuestStore::Inherited> GuestStore::take_inherited() {
  auto left = std::exchange(inherited_, {});
  const auto state = left.find(kState);
  const auto listeners = left.find(kListeners);
  if (state == left.end() || listeners == left.end()) return std::nullopt;
  StateFile file(std::move(state->second.front()));
  const auto content = file.read();
  auto saved = content ? decode_guests(*content) : std::nullopt;
  if (!saved) return std::nullopt;
  state_.emplace(std::move(file));
  InheritedServer server{std::move(listeners->second), {}};
  for (SavedSession& session : saved->sessions) {
    const auto ring = left.find(role_of(session.id));
    if (ring == left.end()) continue;  // the session had ended, or there was no room for its ring
    server.sessions.push_back({std::move(session), std::move(ring->second.front())});
  }
  return Inherited{std::move(server), std::move(saved->recent)};
}

void GuestStore::keep_listeners(const std::vector<UniqueFd>& listeners) {
  if (!is_of_use()) return;
  clear();
  std::vector<int> numbers;
  for (const UniqueFd& each : listeners) numbers.push_back(each.get());
  roles_ = {kListeners, kState};
  manager_.keep(name_of(kListeners), numbers);
  state_.emplace();
  manager_.keep(name_of(kState), std::array{state_->descriptor()});
}

bool GuestStore::keep_session(std::uint64_t id, int ring, std::function<void()> kept) {
  if (!is_of_use() || roles_.size() >= kMaxSessions) return false;
  roles_.insert(role_of(id));
  return manager_.keep(name_of(role_of(id)), std::array{ring}, std::move(kept));
}

void GuestStore::drop_session(std::uint64_t id) {
  drop(role_of(id));
}

void GuestStore::save(const SavedGuests& guests) {
  if (!state_) return;
  state_->write(encode(guests));
  std::set<std::string> others = roles_;
  for (const SavedSession& each : guests.sessions) others.erase(role_of(each.id));
  for (const std::string& role : others) {
    if (role.starts_with(kSession)) drop(role);
  }
}

void GuestStore::clear() {
  inherited_.clear();
  const std::set<std::string> all = roles_;
  for (const std::string& role : all) drop(role);
  state_.reset();
}

void GuestStore::drop(const std::string& role) {
  if (roles_.erase(role) > 0) manager_.drop(name_of(role));
}

}  // namespace pyfault

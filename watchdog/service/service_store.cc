#include "watchdog/service/service_store.h"

#include <algorithm>
#include <array>
#include <exception>
#include <string_view>
#include <utility>

namespace pyfault {
namespace {

constexpr char kLedgerName[] = "ledger";
constexpr char kConfigurationName[] = "configuration";

// Returns an empty descriptor if there is none of that name.
UniqueFd take(std::vector<NamedFd>& inherited, std::string_view name) {
  const auto found = std::ranges::find(inherited, name, &NamedFd::name);
  if (found == inherited.end()) return {};
  UniqueFd fd = std::move(found->fd);
  inherited.erase(found);
  return fd;
}

}  // namespace

ServiceStore::ServiceStore(SystemdNotifier& manager, std::vector<NamedFd>& inherited)
    : manager_(manager) {
  if (UniqueFd fd = take(inherited, kConfigurationName)) configuration_.emplace(std::move(fd));
  if (UniqueFd fd = take(inherited, kLedgerName)) {
    try {
      ledger_.emplace(std::move(fd));
      is_ledger_kept_ = true;
      return;
    } catch (const std::exception&) {
      manager.drop(kLedgerName);
    }
  }
  ledger_.emplace();
}

void ServiceStore::keep_ledger() {
  if (std::exchange(is_ledger_kept_, true)) return;
  manager_.keep(kLedgerName, std::array{ledger_->descriptor()});
}

std::optional<std::string> ServiceStore::configuration() const {
  return configuration_ ? configuration_->read() : std::nullopt;
}

void ServiceStore::keep_configuration(const std::string& text) {
  if (!manager_.is_there()) return;
  if (!configuration_) {
    configuration_.emplace();
    manager_.keep(kConfigurationName, std::array{configuration_->descriptor()});
  }
  configuration_->write(text);
}

}  // namespace pyfault

// What outlives this watchdog besides the workers, kept by the service manager: the ledger of
// reports in flight, and the text of the configuration that was applied last.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "watchdog/os/ledger.h"
#include "watchdog/os/listen_fds.h"
#include "watchdog/os/state_file.h"
#include "watchdog/service/systemd_notifier.h"

namespace pyfault {

class ServiceStore {
 public:
  // Takes its own from among the descriptors that the previous watchdog left. An unusable ledger is
  // treated as missing. `manager` must outlive the store.
  ServiceStore(SystemdNotifier& manager, std::vector<NamedFd>& inherited);
  ServiceStore(const ServiceStore&) = delete;
  ServiceStore& operator=(const ServiceStore&) = delete;

  Ledger& ledger() { return *ledger_; }
  // Leaves the ledger with the service manager, unless it came from there.
  void keep_ledger();

  // The configuration that the workers ran under, if the previous watchdog left it: the file may
  // have been changed or be gone by now.
  std::optional<std::string> configuration() const;
  void keep_configuration(const std::string& text);

 private:
  SystemdNotifier& manager_;
  std::optional<Ledger> ledger_;
  bool is_ledger_kept_ = false;
  std::optional<StateFile> configuration_;
};

}  // namespace pyfault

// A watchdog that can be killed, and a successor that takes over from it. The test plays systemd's
// file descriptor store.
#pragma once

#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/service_fixture.h"
#include "tests/support/fake_manager.h"
#include "watchdog/os/listen_fds.h"

namespace pyfault::test {

// Keeps the descriptors that the watchdog stores, and drops those that it removes.
class Store {
 public:
  const std::string& address() const { return manager_.address(); }

  // Everything that is stored. Must only be called while no watchdog runs, because that could
  // change it.
  const std::vector<NamedFd>& descriptors();

 private:
  void listen(const std::stop_token& stop);
  bool take();

  FakeManager manager_;
  std::mutex mutex_;
  std::vector<NamedFd> descriptors_;
  std::jthread listener_{[this](const std::stop_token& stop) { listen(stop); }};
};

class HandoverFixture : public ServiceTest {
 protected:
  using ServiceTest::ServiceTest;

  void start_watchdog() { start({{"NOTIFY_SOCKET", store_.address()}}); }
  void kill_watchdog();

  // Starts a watchdog as systemd does, with the stored descriptors from number 3 on. `more`: how
  // many descriptors of sessions that have ended are passed in addition.
  void start_another(int more = 0, std::map<std::string, std::string> environment = {});

  Store store_;
};

}  // namespace pyfault::test

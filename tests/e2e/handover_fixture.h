// A watchdog that can be killed, and one that goes on where it has been: by a file descriptor store
// as systemd has it, in the test.
#pragma once

#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/service_fixture.h"
#include "tests/support/fake_manager.h"
#include "watchdog/os/listen_fds.h"

namespace pyfault::test {

// Takes what is stored, and forgets what is removed.
class Store {
 public:
  const std::string& address() const { return manager_.address(); }

  // All that is stored now. Call it only while no watchdog runs, which could change it.
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
  void start_watchdog() { start({{"NOTIFY_SOCKET", store_.address()}}); }
  void kill_watchdog();

  // As systemd does: all that is kept, from 3 on. `more` are of sessions that have ended.
  void start_another(int more = 0);

  Store store_;
};

}  // namespace pyfault::test

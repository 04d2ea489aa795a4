// The service manager's end of the notification socket: a real socket that a test reads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "watchdog/os/unique_fd.h"

namespace pyfault::test {

class FakeManager {
 public:
  struct Message {
    std::string text;
    std::vector<UniqueFd> descriptors;
  };

  FakeManager();

  // The value for NOTIFY_SOCKET.
  const std::string& address() const { return address_; }
  int socket() const { return socket_.get(); }

  // The next message, or nothing if no more have arrived.
  std::optional<Message> next() const;
  std::vector<std::string> all_texts() const;

 private:
  std::string address_;
  UniqueFd socket_;
};

}  // namespace pyfault::test

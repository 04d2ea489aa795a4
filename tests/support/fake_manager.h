// The service manager's end of its notification socket: a real socket that a test reads.
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

  // For NOTIFY_SOCKET.
  const std::string& address() const { return address_; }
  int socket() const { return socket_.get(); }

  // The next message; none when nobody has said anything more.
  std::optional<Message> next() const;
  std::vector<std::string> all_texts() const;

 private:
  std::string address_;
  UniqueFd socket_;
};

}  // namespace pyfault::test

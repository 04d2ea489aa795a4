// rsyslogd as a test uses it: its own configuration, sockets and files in a directory of the test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/reserved_port.h"

namespace pyfault::test {

class Rsyslog {
 public:
  // Whether this machine has it.
  static bool is_installed();

  // Listens once this returns: TCP and UDP on a port of the loopback each, and a local socket.
  explicit Rsyslog(std::filesystem::path directory);

  void start();
  void stop();

  std::uint16_t udp_port() const { return udp_port_.number(); }
  std::uint16_t tcp_port() const { return tcp_port_.number(); }
  std::string socket() const { return directory_ / "socket"; }
  // Like a /dev/log whose reader knows nothing of RFC 5424.
  std::string old_socket() const { return directory_ / "old"; }

  // What has come in, once it holds `text`: a line a message, "HOST APP PROCID MSGID SD|MSG".
  std::string await(const std::string& text, const char* file = "messages") const;
  // One of JSON, as its own module reads it.
  std::string await_parsed(const std::string& event) const {
    return await("OK " + event, "parsed");
  }

 private:
  void write_configuration() const;

  const std::filesystem::path directory_;
  const ReservedPort udp_port_{SOCK_DGRAM};
  const ReservedPort tcp_port_{SOCK_STREAM};
  std::unique_ptr<ChildProcess> daemon_;
};

}  // namespace pyfault::test

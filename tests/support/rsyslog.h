// An rsyslogd for tests: its configuration, sockets and files are in a directory of the test.
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
  // Whether this machine has rsyslogd.
  static bool is_installed();

  // Returns when rsyslogd listens: on a TCP and a UDP port of the loopback interface, and on a
  // local socket.
  explicit Rsyslog(std::filesystem::path directory);

  void start();
  void stop();

  std::uint16_t udp_port() const { return udp_port_.number(); }
  std::uint16_t tcp_port() const { return tcp_port_.number(); }
  std::string socket() const { return directory_ / "socket"; }
  // Behaves like a /dev/log whose reader does not know RFC 5424.
  std::string old_socket() const { return directory_ / "old"; }

  // Waits until the received messages contain `text` and returns all of them, one per line, as
  // "HOST APP PROCID MSGID SD|MSG".
  std::string await(const std::string& text, const char* file = "messages") const;
  // Waits for a JSON message that rsyslog's own parser has accepted.
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

// Sends messages (format/syslog.h) to a syslog daemon: over /dev/log and UDP as one datagram each,
// over TCP with octet counting (RFC 6587), which preserves messages of several lines. If /dev/log
// is a stream socket, a NUL ends each message, as in glibc's syslog(3).
//
// A lost connection is re-established. Messages that TCP had accepted and the peer never read are
// lost: the protocol has no acknowledgements.
#pragma once

#include <string>

#include "watchdog/os/unique_fd.h"
#include "watchdog/sink/sink.h"

namespace pyfault {

struct SyslogAddress {
  enum class Transport { kLocal, kUdp, kTcp };

  Transport transport = Transport::kLocal;
  std::string host = "/dev/log";  // the socket's path, for kLocal
  std::string port;               // number or name; empty for kLocal

  bool operator==(const SyslogAddress&) const = default;
};

class SyslogSink final : public Sink {
 public:
  explicit SyslogSink(SyslogAddress address) : address_(std::move(address)) {}

  int write(std::string_view message) override;

 private:
  int connect();
  std::string framed(std::string_view message) const;
  int send(std::string_view bytes);

  const SyslogAddress address_;
  UniqueFd socket_;  // none: not connected
};

}  // namespace pyfault

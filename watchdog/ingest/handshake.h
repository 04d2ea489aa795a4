// The watchdog's part of the attach handshake (shared/handshake.h), step by step. No waiting here.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "shared/handshake.h"
#include "watchdog/ingest/agent_session.h"

namespace pyfault {

// Our own user, root, or a process that descends from us (a worker may have dropped its rights).
bool may_attach(const ucred& peer);

// None unless one whole, sensible hello was waiting.
std::optional<Hello> receive_hello(int socket);

// Makes a ring and a pipe and sends them. None when the peer is gone. Throws when there are no
// resources to be had.
std::optional<Attachment> welcome(int socket, const Hello& hello, AttachedProcess process,
                                  int dump_signal);

// The lines about interpreters that an agent leaves alone: one for each version, however many
// processes run it.
class LeftAlone {
 public:
  std::optional<std::string> message(const Hello& hello, const Process& process);

 private:
  // Made-up versions must not fill memory or the log.
  static constexpr std::size_t kMaxVersions = 64;
  std::set<std::pair<std::uint32_t, std::uint32_t>> said_;  // version, failed check
};

}  // namespace pyfault

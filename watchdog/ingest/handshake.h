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
// `leader`, if any, leads the session of a worker that is no child of ours: its processes and what
// descends from it may, too.
bool may_attach(const ucred& peer, int leader = 0);

// None unless one whole, sensible hello was waiting.
std::optional<Hello> receive_hello(int socket);

// What an agent is given, and what is ours of it.
struct Welcoming {
  Attachment attachment;
  RingFile ring;
  UniqueFd pipe;  // write end
};

// Makes a ring and a pipe. Throws when there are no resources to be had.
Welcoming prepare_welcome(const Hello& hello, AttachedProcess process);

// False when the peer is gone.
bool send_welcome(int socket, const RingFile& ring, int pipe, int dump_signal);

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

// The watchdog's side of the attach handshake (shared/handshake.h), step by step. Nothing here
// blocks.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <set>
#include <string>
#include <variant>

#include "shared/handshake.h"
#include "watchdog/event/event.h"
#include "watchdog/event/unwatched.h"
#include "watchdog/ingest/question.h"
#include "watchdog/ingest/saved_session.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

// Whether the peer may attach: it runs as this user or as root, or descends from this process (a
// worker may have dropped privileges). `leader`, if not 0, leads the session of a worker that is
// not a child of this process; the processes of that session and their descendants may attach too.
bool may_attach(const ucred& peer, int leader = 0);

// A hello with the ring that came with it.
struct Arrival {
  Hello hello;
  UniqueFd ring;  // unchecked; empty: none was passed
};

// The message waiting at a connection. HungUp stands for end of file and for any invalid message.
struct NothingYet {};
struct HungUp {};
using Message = std::variant<NothingYet, HungUp, Arrival, Wake, Asked>;
Message receive_message(int socket);

// What is known of the sender of a hello, and so of a new family: from /proc while the process
// exists, otherwise by its own claims.
SavedFamily describe_sender(const Hello& hello, const ucred& peer);

// The reason why a hello comes without a ring.
Unwatched why_unwatched(const Hello& hello);

// Remembers the reasons that were reported: each is news once, for all processes together.
class ReportedReasons {
 public:
  bool is_news(const Unwatched& why);

 private:
  // Forged versions must not fill memory or the log.
  static constexpr std::size_t kMaxReasons = 64;
  std::set<std::string> said_;
};

}  // namespace pyfault

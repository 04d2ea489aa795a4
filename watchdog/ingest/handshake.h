// The watchdog's part of the attach handshake (shared/handshake.h), step by step. No waiting here.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <set>
#include <string>
#include <variant>

#include "shared/handshake.h"
#include "watchdog/event/event.h"
#include "watchdog/event/unwatched.h"
#include "watchdog/ingest/session_memory.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

// Our own user, root, or a process that descends from us (a worker may have dropped its rights).
// `leader`, if any, leads the session of a worker that is no child of ours: its processes and what
// descends from it may, too.
bool may_attach(const ucred& peer, int leader = 0);

// A hello, and the ring that came with it.
struct Arrival {
  Hello hello;
  UniqueFd ring;  // whatever descriptor it was; empty: none
};

// What was waiting at a connection. Its end, or what is none of these, is a HungUp.
struct NothingYet {};
struct HungUp {};
std::variant<NothingYet, HungUp, Arrival, Wake> receive_message(int socket);

// The process that said hello: by /proc while it is there, else as it described itself.
AttachedProcess describe_sender(const Hello& hello, const ucred& peer);

// Of a hello that comes without a ring: why.
Unwatched why_unwatched(const Hello& hello);

// Which of these are news: each reason once, however many processes have it.
class LeftAlone {
 public:
  bool is_news(const Unwatched& why);

 private:
  // Made-up versions must not fill memory or the log.
  static constexpr std::size_t kMostReasons = 64;
  std::set<std::string> said_;
};

}  // namespace pyfault

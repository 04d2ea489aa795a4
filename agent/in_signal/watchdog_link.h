// The agent's end of the link to the watchdog: wake-up tokens out, acks in.
//
// Context: anywhere, signal handlers included. Nothing here blocks for longer than the ack timeout,
// raises SIGPIPE, or writes to a descriptor that is no longer our pipe.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "shared/handshake.h"
#include "shared/ring_writer.h"

namespace pyfault {

struct WatchdogLink {
  void* ring = nullptr;
  int pipe = -1;
  dev_t pipe_device = 0;  // what fstat said of the pipe when it came
  ino_t pipe_inode = 0;
  std::uint32_t ack_timeout_ms = kDefaultAckTimeoutMs;
  int dump_signal = 0;
};

// Is there a pipe, and somebody at its other end?
bool watchdog_listens(const WatchdogLink& link);

// False when the watchdog did not get the token: it is gone, or the program has closed the pipe. A
// full pipe counts as told: the watchdog has tokens to read.
bool wake_watchdog(const WatchdogLink& link, Token token);

// A slot for this process. While others crash too it waits for one: as long as slots become free,
// at most ten times the ack timeout, else once that. After that the crash is counted as dropped and
// the writer owns nothing.
SlotWriter claim_slot(const WatchdogLink& link, std::int32_t pid);

// Until the watchdog has released the slot, at most the ack timeout; returns at once when the
// watchdog is gone.
void wait_for_ack(const WatchdogLink& link, PublishedSlot slot);

}  // namespace pyfault

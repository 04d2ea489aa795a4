// The agent's end of the link to the watchdog: the shared ring, wake-ups and acks.
//
// Context: anywhere, signal handlers included. Nothing here blocks for longer than the ack timeout,
// except claim_slot(). Nothing raises SIGPIPE, and no descriptor stays open.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "agent/in_signal/descriptor.h"
#include "shared/handshake.h"
#include "shared/ring_writer.h"

namespace pyfault {

// Constant once the agent is armed, except for the content of the ring.
struct WatchdogLink {
  std::byte* ring;      // kRingSize bytes of address space; see attach.h for when a ring is there
  char address[108];    // the value of PYFAULT_SOCKET, with a NUL
  char wake_pipe[128];  // a path with a NUL; empty: there is no visible pipe
  dev_t wake_pipe_device;
  ino_t wake_pipe_inode;
  int dump_signal;            // requests dumps; 0: none
  std::uint64_t dump_before;  // signals, as a KernelSignalSet; see program_handler.h
  Hello hello;                // without its pids and boottime_ns, which are set when it is sent
};

// Connects to the watchdog's listener without waiting. On failure, the result holds a negated errno
// value: -ECONNREFUSED if there is no listener, -EAGAIN if its queue is full, or another one.
Descriptor connect_to_watchdog(const WatchdogLink& link);

// What a sandbox that the program has entered does not let it survive. From then on the agent no
// longer wakes the watchdog, so records are found later, or no longer creates a ring.
struct Forbidden {
  bool wake_up = false;
  bool attach = false;
};
void note_sandbox(Forbidden forbidden);
bool may_attach();

// A way to wake the watchdog, and to check whether it is there.
class Bell {
 public:
  explicit Bell(const WatchdogLink& link);

  // Returns whether a watchdog, or its listener, was there when this object was created.
  explicit operator bool() const { return bool{way_}; }

  bool watchdog_is_there() const;

  // Wakes the watchdog to look at the ring of `link`. Requires that SIGPIPE is blocked. Returns
  // false if the wake-up does not reach it. A full pipe counts as success, because the watchdog
  // then has other wake-ups to read.
  bool ring(const WatchdogLink& link) const;

 private:
  bool open_pipe(const WatchdogLink& link);
  bool is_pipe_ = false;
  Descriptor way_;
};

// Wakes the watchdog, if there is one, to look at the ring of `link`.
void wake_watchdog(const WatchdogLink& link);

// Claims a slot for this process. If all are taken, waits for one: up to the ack timeout, extended
// as long as slots become free, up to ten times the ack timeout in total. After that, or if the
// watchdog is gone, counts the crash as dropped and returns a writer that owns nothing.
SlotWriter claim_slot(const WatchdogLink& link, std::int32_t pid);

// Waits until the watchdog has released the slot, at most for the ack timeout and for `limit_ms`.
// Returns early if the watchdog is gone.
void wait_for_ack(const WatchdogLink& link, const Bell& bell, const PublishedSlot& slot,
                  std::uint32_t limit_ms = UINT32_MAX);

std::uint32_t ack_timeout_ms(const WatchdogLink& link);

}  // namespace pyfault

// The agent's end of the link to the watchdog: the ring that both see, wake-ups out, acks in.
//
// Context: anywhere, signal handlers included. Nothing here blocks for longer than the ack timeout
// or raises SIGPIPE, and no descriptor stays open.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "agent/in_signal/descriptor.h"
#include "shared/handshake.h"
#include "shared/ring_writer.h"

namespace pyfault {

// Settled when the agent arms; all but the ring's content.
struct WatchdogLink {
  std::byte* ring;      // kRingSize bytes of address space; see attach.h for when a ring is there
  char address[108];    // as PYFAULT_SOCKET has it, with a NUL
  char wake_pipe[128];  // its path, with a NUL; empty: there is none that we can see
  dev_t wake_pipe_device;
  ino_t wake_pipe_inode;
  int dump_signal;            // 0: none asks for dumps
  std::uint64_t dump_before;  // signals, as a KernelSignalSet; see program_handler.h
  Hello hello;  // but for what changes: its boottime_ns, and the pids in a forked child
};

// A socket that is connected to the watchdog's listener, without waiting. None where nobody listens
// (-ECONNREFUSED), where too many wait to be heard (-EAGAIN), or where there is none to be had.
Descriptor connect_to_watchdog(const WatchdogLink& link);

// The program has put itself into a sandbox that kills for some of these. From here on the watchdog
// is not woken any more, so that what is in the ring is found later; or no ring is made any more.
struct Forbidden {
  bool wake_up = false;
  bool attach = false;
};
void note_sandbox(Forbidden forbidden);
bool may_attach();

// A way to wake the watchdog, and to see whether it is there.
class Bell {
 public:
  explicit Bell(const WatchdogLink& link);

  // Whether a watchdog, or its listener, was there when this was made.
  explicit operator bool() const { return bool{way_}; }

  bool watchdog_is_there() const;

  // To look at the ring of `link`. False when the watchdog did not get it; a full pipe counts as
  // told, for then it has wake-ups to read.
  bool ring(const WatchdogLink& link) const;

 private:
  bool open_pipe(const WatchdogLink& link);
  bool is_pipe_ = false;
  Descriptor way_;
};

// For those who want no answer.
void wake_watchdog(const WatchdogLink& link);

// A slot for this process. While others crash too it waits for one: as long as slots become free,
// at most ten times the ack timeout, else once that. After that the crash is counted as dropped and
// the writer owns nothing.
SlotWriter claim_slot(const WatchdogLink& link, std::int32_t pid);

// Until the watchdog has released the slot, at most the ack timeout; returns at once when the
// watchdog is gone.
void wait_for_ack(const WatchdogLink& link, const Bell& bell, PublishedSlot slot);

std::uint32_t ack_timeout_ms(const WatchdogLink& link);

}  // namespace pyfault

// Attaches the process to its watchdog: makes a ring and sends it along with the hello. It never
// waits: what can't be had now is tried again later.
//
// Context: anywhere, signal handlers included. One thread at a time; another one is told kNotNow.
#pragma once

#include <cstdint>

#include "agent/in_signal/descriptor.h"
#include "agent/in_signal/watchdog_link.h"

namespace pyfault {

enum class AttachResult {
  kAttached,
  kNotNow,  // too many wait to be heard, or there is no memory or descriptor
  kNever,   // no watchdog listens that root or our own user runs, or this interpreter is not known
};

// The new ring lies where link.ring says, in place of one that may be there. `hello`, if given,
// keeps the connection over which the ring was sent, for is_lost().
AttachResult attach(const WatchdogLink& link, Descriptor* hello = nullptr);

// Is there a ring that a watchdog looks at, or will?
bool is_attached(const WatchdogLink& link);

// At an occasion that comes by: attaches where that has not been possible yet, or where the
// watchdog has left the ring.
void make_sure_of_ring(const WatchdogLink& link);

// Before a crash is recorded. A ring that no watchdog has taken may have been lost with one that
// was killed: the crash gets a new one, unless the old one `is_in_use`, and `hello` that one's
// connection. False: there is none.
bool have_ring_for_crash(const WatchdogLink& link, bool is_in_use, Descriptor& hello);

// True when a watchdog has received the ring and died before it could keep it for its successor. A
// hello that still waits in the listener's queue is not lost: the next watchdog finds it there.
bool is_lost(const WatchdogLink& link, const Descriptor& hello);

// In a forked child, where a thread of the parent may have been at it.
void forget_attach_of_parent();

// In a forked child, once: the watchdog hears of it, by the ring that it shares with its parent.
void join_ring(const WatchdogLink& link, std::int32_t pid);

// Takes that back. False: it is not among the children.
bool leave_ring(const WatchdogLink& link, std::int32_t pid);

}  // namespace pyfault

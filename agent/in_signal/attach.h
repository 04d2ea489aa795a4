// Attaches the process to its watchdog: creates a ring and sends it with the Hello. Never waits:
// what is not possible now is tried again later.
//
// Context: anywhere, signal handlers included. Only one thread attaches at a time; a concurrent
// attach() returns kNotNow.
#pragma once

#include <cstdint>

#include "agent/in_signal/descriptor.h"
#include "agent/in_signal/watchdog_link.h"

namespace pyfault {

enum class AttachResult {
  kAttached,
  kNotNow,  // the listener's queue is full, memory or descriptors are short, or in a sandbox
  kNever,   // no listener of root or of the process's own user, or an unknown interpreter
};

// Maps the new ring at link.ring, where it replaces an earlier one. `hello`, if given, keeps the
// connection over which the ring was sent, for give_up_if_lost().
AttachResult attach(const WatchdogLink& link, Descriptor* hello = nullptr);

// Returns whether there is a ring that a watchdog reads, or will read.
bool is_attached(const WatchdogLink& link);

// Returns whether a ring is mapped at link.ring, be it read or not.
bool has_ring();

// To be called whenever there is an opportunity: attaches if that has not been possible yet, or if
// the watchdog has left the ring.
void ensure_ring(const WatchdogLink& link);

// To be called before a crash is recorded. A ring that is not kTaken may have been lost with a
// watchdog that was killed, or will be: the crash gets a new ring, unless the old one `is_in_use`,
// and `hello` gets the connection of the new ring. Returns false if there is no ring.
bool prepare_ring_for_crash(const WatchdogLink& link, bool is_in_use, Descriptor& hello);

// Returns true, and gives up the ring, if a watchdog has received it and died before it took it; no
// watchdog will look at it then. A Hello that still waits in the listener's queue is not lost: the
// next watchdog finds it there.
bool give_up_if_lost(const WatchdogLink& link, const Descriptor& hello);

// To be called in a forked child: a thread of the parent may have been attaching at the fork.
void forget_attach_of_parent();

// To be called once in a forked child: enters the child in the ring that it shares with its parent,
// so that the watchdog learns of it. Attaches if there is no ring.
void join_ring(const WatchdogLink& link, std::int32_t pid);

// To be called before `pid` executes another program, and again if it could not: removes it from
// the children, or says of one that is not among them what it does.
void leave_ring(const WatchdogLink& link, std::int32_t pid);
void return_to_ring(const WatchdogLink& link, std::int32_t pid);

}  // namespace pyfault

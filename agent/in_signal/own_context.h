// The block of the ring in which this process says things about itself (shared/context.h).
//
// Context: anywhere, signal handlers included; own_context() in one thread at a time.
#pragma once

#include "agent/in_signal/watchdog_link.h"
#include "shared/context_writer.h"

namespace pyfault {

// Returns the writer of this process's block, which it claims on the first call. The writer has no
// block if none is free. Requires that there is a ring.
ContextWriter& own_context(const WatchdogLink& link, std::int32_t pid);

// Writes this process's block into the new ring that is about to be mapped in place of the present
// one. If the kernel refuses that, the process starts with nothing said.
void carry_context(const WatchdogLink& link, int new_ring);

// To be called once in a forked child: if its parent has a block, the child gets a copy.
void continue_context_of_parent(const WatchdogLink& link, std::int32_t pid);

// To be called around an exec: the next program has nothing to say yet. If the exec fails,
// take_context_back() undoes it.
void give_context_back(std::int32_t pid);
void take_context_back(std::int32_t pid);

}  // namespace pyfault

// The agent's side of the attach handshake (shared/handshake.h).
#pragma once

#include <cstdint>

#include "agent/in_signal/watchdog_link.h"
#include "shared/handshake.h"

namespace pyfault {

// How long a program's start may wait for a watchdog that does not answer.
inline constexpr std::int64_t kAttachTimeoutMs = 1000;

// Ordinary context. Connects to PYFAULT_SOCKET and says hello; true when a ring and a pipe came
// back. False, leaving nothing behind, when there is no watchdog, it does not answer in time, or
// hello says that this process will not arm.
bool attach(const Hello& hello, WatchdogLink& link);

}  // namespace pyfault

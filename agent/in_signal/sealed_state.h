// The state that is complete when the agent arms and never changes again. It has pages of its own,
// which are then made read-only: a stray write by the program crashes right there, instead of
// misleading the crash handler.
//
// Context: written only by arm(), in ordinary context; read anywhere, signal handlers included.
#pragma once

#include "agent/in_signal/agent_state.h"
#include "agent/in_signal/signal_actions.h"
#include "agent/in_signal/warm_memory.h"

namespace pyfault {

struct alignas(kPageSize) SealedState {
  bool armed;
  AgentState agent;
  SignalHandler handler;
  KernelSigaction previous_actions[kFatalCount];  // in the order of kFatalSignals
};

extern SealedState sealed_state;

// Makes the state read-only. If the kernel refuses that, the state stays writable.
void seal_state();

}  // namespace pyfault

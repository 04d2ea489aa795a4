// What is settled when the agent arms and never changes again. It has a page to itself, which is
// then made read-only: a program that writes where it should not can't lead its crash handler
// astray, but crashes right there.
//
// Context: written by arm() alone, in ordinary context; read anywhere.
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

// From here on a write to it is a fault. Where the kernel refuses that, it stays as it is.
void seal_state();

}  // namespace pyfault

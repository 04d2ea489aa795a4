// A thread with an open guard wants to survive faults of C code: each becomes an exception in the
// Python code that has called it (python_call.h).
//
// Context: as each function says.
#pragma once

#include <signal.h>
#include <ucontext.h>

#include <cstdint>

#include "agent/arch/processor.h"
#include "agent/in_signal/agent_state.h"
#include "agent/in_signal/python_call.h"
#include "agent/in_signal/thread_identity.h"
#include "shared/record.h"
#include "shared/ring_writer.h"

namespace pyfault {

struct CaughtFault {
  int signal;
  bool has_address;
  std::uintptr_t address;
  std::uintptr_t thread_state;  // of the Python code that gets the exception
  ReportId report;              // zeros: there is none
};

// Sets the exception and returns null. Runs in place of the C function that has faulted, on its
// stack; the thread may have lost the GIL, or any lock may be taken.
using Landing = void* (*)(const CaughtFault& fault);

// Ordinary context: a guard of the calling thread. What `landing` is for guards that are open
// already, it stays.
void open_guard(Landing landing);
void close_guard();
// Returns how many faults of the calling thread have become exceptions.
std::uint32_t faults_of_thread();
// Returns how many faults of the process, or of its parent before the fork, have become exceptions.
std::uint32_t faults_of_process();

// Ordinary context, one thread at a time.
void add_allocator(std::uintptr_t function);
// All code there belongs to an allocator.
void set_allocator_module(const Text& text);
// The functions that are running, up to `outermost`, are those of the collector. Does nothing if
// that is not found on the stack. `registers`: of the calling function.
void learn_collector(const PythonRuntimeView& python, const Registers& registers,
                     std::uintptr_t outermost);

// What is to become of a fault.
struct GuardPlan {
  bool guarded = false;  // false: the thread has no open guard, and the rest means nothing
  GuardOutcome outcome = GuardOutcome::kNoPythonCall;
  siginfo_t info{};  // of the fault
  UnwindRegisters caller{};
  std::uintptr_t thread_state = 0;

  bool lands() const { return guarded && outcome == GuardOutcome::kException; }
};

// The signal handler, inside a GuardScope, in one thread at a time.
void plan_exception(const AgentState& agent, const siginfo_t& info, const Registers& registers,
                    const ThreadIdentity& self, GuardPlan& plan);
// Appends nothing if no guard was open.
void append_guard(SlotWriter& slot, const GuardPlan& plan);

// The signal handler. Requires that the plan lands: when the handler returns, `context` continues
// in the landing.
void land(ucontext_t& context, const GuardPlan& plan, const ReportId& report);

}  // namespace pyfault

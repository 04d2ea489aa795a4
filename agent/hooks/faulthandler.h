// Lets CPython's faulthandler write its report after the record, not before it: its write() blocks
// for ever if nobody reads from its file.
#pragma once

#include <signal.h>

#include <cstdint>

namespace pyfault {

inline constexpr int kFaulthandlersSignals[] = {SIGSEGV, SIGFPE, SIGABRT, SIGBUS, SIGILL};

// Ordinary context: from now on, faulthandler's handler is recognised. `runtime`: an address in the
// program or library that contains the interpreter.
void know_faulthandler(std::uintptr_t runtime);

// Any context. Returns whether this is the action with which faulthandler.enable() handles the
// signal; false before know_faulthandler().
bool is_faulthandlers(int signal, const struct sigaction& action);

// Ordinary context: puts the actions that faulthandler has installed already behind the agent's.
void put_faulthandler_behind();

}  // namespace pyfault

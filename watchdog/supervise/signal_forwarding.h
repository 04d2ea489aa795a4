// Signals that were meant for the program: those sent to the watchdog go on to it.
//
// Every signal that a process can send to another, but SIGCHLD, is blocked and read from a
// descriptor. Those that a fault of our own raises among them (SEGV, BUS, ...): the kernel ends us
// for that all the same. What the terminal generates (Ctrl-C, a new window size) reached the
// program already, as it is in the same process group, and is not sent a second time. Where the
// terminal, or the program itself, stops that group (Ctrl-Z) we stop too, so that a shell sees its
// job stopped; where another process stops the program, we go on watching.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>
#include <sys/types.h>

#include <vector>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

class SignalForwarding {
 public:
  // Blocks the signals in this thread, and in those that it starts, for good: one that comes when
  // the program has just ended must not change how we end. SIGPIPE and SIGXFSZ that our own writes
  // bring about are thereby errors of write(2). SIGCHLD is blocked too, for whoever reads it.
  // Throws std::system_error.
  SignalForwarding();

  // The mask that we were started with: the program's.
  const sigset_t& original_mask() const { return original_mask_; }

  // Readable when there is something to forward.
  int fd() const { return fd_.get(); }

  // Takes in what has come before there is a program. Nobody else got it, so that forward() owes it
  // to the program wherever it came from.
  void keep_early();

  // Sends on what has come. A program that is gone is no error.
  // May stop this process, see above.
  void forward(int pidfd, pid_t program);

  // Once the program is gone: has one come that asks us to end? Takes all that have come.
  bool take_request_to_end();

 private:
  sigset_t original_mask_{};
  UniqueFd fd_;
  std::vector<int> early_;
};

// Of a signal that came to us: whose it is.
enum class Addressee {
  kProgram,  // it has to be sent on
  kBoth,     // the program had it without our doing, or sent it itself
  kUs,       // it came of what we did
};

// Pure. `own`: our pid.
Addressee addressee_of(const signalfd_siginfo& signal, pid_t program, pid_t own,
                       bool session_leader);

}  // namespace pyfault

// Signals that were meant for the program: those sent to the watchdog go on to it.
//
// Every signal that a process sends to another, and that would end it, is blocked and read from a
// descriptor; WINCH too. What the terminal
// generates (Ctrl-C, a new window size) reached the program already, as it is in the same process
// group, and is not sent a second time. TSTP TTIN TTOU CONT keep their defaults: Ctrl-Z stops both,
// fg continues both.
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
  // the program has just ended must not change how we end. SIGPIPE and SIGXFSZ too, so that a log
  // that nobody reads, or a limit, is an error of write(2). Throws std::system_error.
  SignalForwarding();

  // The mask that we were started with: the program's.
  const sigset_t& original_mask() const { return original_mask_; }

  // Readable when there is something to forward.
  int fd() const { return fd_.get(); }

  // Takes in what has come before there is a program. Nobody else got it, so that forward() owes it
  // to the program wherever it came from.
  void keep_early();

  // Sends on what has come. A program that is gone is no error.
  void forward(int pidfd, pid_t program);

  // Once the program is gone: has one come that asks us to end? Takes all that have come.
  bool take_request_to_end();

 private:
  sigset_t original_mask_{};
  UniqueFd fd_;
  std::vector<int> early_;
};

// Whether the program had this signal without our doing, or sent it itself. Pure.
bool is_programs_already(const signalfd_siginfo& signal, pid_t program, bool session_leader);

}  // namespace pyfault

// A real program that is run by a test: its input, its output and how it ends. Every wait has a
// limit.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/os/unique_fd.h"

namespace pyfault::test {

struct Launch {
  std::vector<std::string> command{};                // command[0] is looked up in PATH
  std::map<std::string, std::string> environment{};  // added to the test's own
  std::string directory{};                           // empty: the test's own
  std::string input{};                  // what stdin holds, at most 64 KiB; then its end
  std::function<void()> before_exec{};  // runs in the child before the program
  bool own_terminal = false;            // stdin, stdout and stderr are a new pty
  std::chrono::seconds limit{300};      // for each wait below; the machine may be slow
};

// How a program ended, as a test compares and prints it.
struct Ending {
  int code = -1;   // exit code, or -1 if a signal killed it
  int signal = 0;  // signal that killed it, or 0

  bool operator==(const Ending&) const = default;
};
std::ostream& operator<<(std::ostream& stream, const Ending& ending);

constexpr Ending exited(int code) {
  return {code, 0};
}
constexpr Ending killed_by(int signal) {
  return {-1, signal};
}

struct Outcome {
  Ending ending;
  std::string out;  // with a terminal: everything that was written to it
  std::string err;
};

// Starts the program as the leader of a new process group. The group is killed when the program has
// ended, at the latest when this object is destroyed. All waits throw std::runtime_error, which
// fails the test, when the limit has passed. Core dumps are disabled unless `before_exec` enables
// them.
class ChildProcess {
 public:
  explicit ChildProcess(Launch launch);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  void send(int signal) const;

  // Stops the program with SIGSTOP; returns once it stands still. SIGCONT continues it.
  void suspend() const;

  // Types keys on the program's terminal; requires own_terminal.
  void type(std::string_view keys) const;

  // Waits until the program has written `text` to stdout (or to its terminal) after the text that
  // was awaited before.
  void await(std::string_view text);

  // What has been read from stdout so far.
  const std::string& output() const { return outcome_.out; }

  Outcome wait();

 private:
  using Clock = std::chrono::steady_clock;

  void start_with_pipes();
  void start_with_terminal();
  [[noreturn]] void exec();
  bool ended_within(Clock::time_point deadline);
  void reap();
  void check(Clock::time_point deadline, std::string_view what) const;

  Launch launch_;
  pid_t pid_ = -1;
  bool reaped_ = false;
  UniqueFd pidfd_;
  UniqueFd out_;  // the master side of the terminal if there is one
  UniqueFd err_;
  std::size_t awaited_ = 0;
  Outcome outcome_;
};

inline Outcome run(Launch launch) {
  return ChildProcess(std::move(launch)).wait();
}

}  // namespace pyfault::test

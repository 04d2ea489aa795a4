// Terminal and signals belong to the program: the watchdog between them must not be noticeable.
#include <gmock/gmock.h>

#include <csignal>
#include <cstring>

#include "tests/e2e/both_ways.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

constexpr char kControlC[] = "\x03";
constexpr char kControlZ[] = "\x1a";
constexpr char kControlBackslash[] = "\x1c";

class Terminal : public BothWays {
 protected:
  static Launch on_terminal(Launch launch) {
    launch.own_terminal = true;
    return launch;
  }

  static void into_terminal(Launch& launch) { launch.own_terminal = true; }

  // `last` is the key that ends the program.
  void expect_five_interrupts(const char* key, const char* last) const {
    ChildProcess child(on_terminal(watched()));
    child.await("ready");
    for (int i = 1; i <= 5; ++i) {
      child.type(key);
      child.await("interrupt " + std::to_string(i) + "\r\n");
    }
    child.type(last);
    const Outcome outcome = child.wait();
    EXPECT_THAT(outcome.out, testing::HasSubstr("total 6\r\n"));
    EXPECT_EQ(outcome.ending, exited(0));
  }
};
INSTANTIATE_TEST_SUITE_P(E2e, Terminal, testing::ValuesIn(interpreters()), parameter_name);

TEST_P(Terminal, the_program_sees_its_terminal) {
  program(R"(
import os
print([os.isatty(fd) for fd in (0, 1, 2)], os.get_terminal_size())
print(os.tcgetpgrp(0) == os.getpgrp(), os.tcgetpgrp(0) == os.tcgetpgrp(2))
)");
  const auto outcome = expect_no_difference({}, into_terminal);
  EXPECT_THAT(outcome.out, testing::StartsWith("[True, True, True]"));
}

// Waits with sigwait() instead of setting handlers: a Python handler for a signal that arrives just
// before a blocking read would run only after that read.
constexpr char kCountsInterrupts[] = R"(
import signal
both = {signal.SIGINT, signal.SIGQUIT}
signal.pthread_sigmask(signal.SIG_BLOCK, both)
print("ready", flush=True)
seen = []
while set(seen) != both:
    seen.append(signal.sigwait(both))
    print("interrupt", len(seen), flush=True)
print("total", len(seen))
)";

TEST_P(Terminal, each_control_c_arrives_once) {
  program(kCountsInterrupts);
  expect_five_interrupts(kControlC, kControlBackslash);
}

TEST_P(Terminal, each_control_backslash_arrives_once) {
  program(kCountsInterrupts);
  expect_five_interrupts(kControlBackslash, kControlC);
}

TEST_P(Terminal, control_c_ends_a_program_that_does_not_mind_it) {
  program(R"(
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("ready", flush=True)
sys.stdin.readline()
)");
  const auto interrupt = [](Launch launch) {
    ChildProcess child(on_terminal(std::move(launch)));
    child.await("ready\r\n");
    child.type(kControlC);
    return child.wait();
  };
  const Outcome without = interrupt(bare());
  const Outcome with = interrupt(watched());
  EXPECT_EQ(with.ending, killed_by(SIGINT));
  EXPECT_EQ(with.ending, without.ending);
  EXPECT_EQ(with.out, without.out);
}

TEST_P(Terminal, control_z_stops_and_fg_continues) {
  program(R"(
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCONT})
print("ready", flush=True)
signal.sigwait({signal.SIGCONT})
print("going on", flush=True)
print("read", sys.stdin.readline().strip(), flush=True)
)");
  ChildProcess shell({.command = {"bash", "--norc", "--noprofile", "-i"},
                      .environment = {{"PS1", "prompt> "}},
                      .directory = file("."),
                      .own_terminal = true});
  std::string command;
  for (const std::string& word : watched().command) command += "'" + word + "' ";
  shell.await("prompt> ");
  shell.type(command + "\n");
  shell.await("ready");
  shell.type(kControlZ);
  shell.await("Stopped");
  shell.await("prompt> ");
  shell.type("fg\n");
  shell.await("going on");
  shell.type("hello\n");
  shell.await("read hello");
  shell.await("prompt> ");
  shell.type("exit $?\n");
  EXPECT_EQ(shell.wait().ending, exited(0));
}

class Signals : public BothWays {};
INSTANTIATE_TEST_SUITE_P(E2e, Signals, testing::ValuesIn(interpreters()), parameter_name);

constexpr char kNamesSignals[] = R"(
import signal, sys
wanted = {getattr(signal, name) for name in sys.argv[1:]}
signal.pthread_sigmask(signal.SIG_BLOCK, wanted)
print("ready", flush=True)
while True:
    print(signal.Signals(signal.sigwait(wanted)).name, flush=True)
)";

TEST_P(Signals, those_sent_to_the_watchdog_reach_the_program) {
  program(kNamesSignals);
  ChildProcess child(watched({"SIGHUP", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGTERM"}));
  child.await("ready");
  for (const int number : {SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGTERM, SIGHUP}) {
    child.send(number);
    child.await(std::string("SIG") + ::sigabbrev_np(number) + "\n");
  }
}

TEST_P(Signals, a_signal_that_ends_the_program_ends_the_watchdog_alike) {
  program(kNamesSignals);
  for (const int number : {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2}) {
    ChildProcess child(watched());
    child.await("ready");
    child.send(number);
    EXPECT_EQ(child.wait().ending, killed_by(number));
  }
}

TEST_P(Signals, one_ignored_from_the_start_stays_ignored) {
  program(kNamesSignals);
  Launch launch = watched({"SIGUSR1"});
  launch.before_exec = [] { std::signal(SIGHUP, SIG_IGN); };
  ChildProcess child(std::move(launch));
  child.await("ready");
  child.send(SIGHUP);
  child.send(SIGUSR1);
  child.await("SIGUSR1");
  child.send(SIGTERM);
  EXPECT_EQ(child.wait().ending, killed_by(SIGTERM));
}

}  // namespace
}  // namespace pyfault::test

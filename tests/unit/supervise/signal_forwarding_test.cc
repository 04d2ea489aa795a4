#include "watchdog/supervise/signal_forwarding.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/supervise/forked.h"
#include "watchdog/supervise/child_process.h"

namespace pyfault {
namespace {

constexpr pid_t kProgram = 1000;
constexpr pid_t kOwn = 999;

signalfd_siginfo signal_from(int number, int code, pid_t sender) {
  signalfd_siginfo signal{};
  signal.ssi_signo = static_cast<std::uint32_t>(number);
  signal.ssi_code = code;
  signal.ssi_pid = static_cast<std::uint32_t>(sender);
  return signal;
}

TEST(AddresseeTest, ctrl_c_and_a_new_window_size_reached_it) {
  EXPECT_EQ(addressee_of(signal_from(SIGINT, SI_KERNEL, 0), kProgram, kOwn, false),
            Addressee::kBoth);
  EXPECT_EQ(addressee_of(signal_from(SIGWINCH, SI_KERNEL, 0), kProgram, kOwn, true),
            Addressee::kBoth);
}

TEST(AddresseeTest, what_a_process_sent_to_us_did_not_reach_it) {
  EXPECT_EQ(addressee_of(signal_from(SIGINT, SI_USER, 7), kProgram, kOwn, false),
            Addressee::kProgram);
  EXPECT_EQ(addressee_of(signal_from(SIGTERM, SI_QUEUE, 7), kProgram, kOwn, false),
            Addressee::kProgram);
}

TEST(AddresseeTest, what_comes_from_outside_our_pid_namespace_did_not_reach_it) {
  EXPECT_EQ(addressee_of(signal_from(SIGTERM, SI_USER, 0), kProgram, kOwn, false),
            Addressee::kProgram);
}

TEST(AddresseeTest, a_hang_up_reaches_the_session_leader_alone) {
  EXPECT_EQ(addressee_of(signal_from(SIGHUP, SI_KERNEL, 0), kProgram, kOwn, true),
            Addressee::kProgram);
  EXPECT_EQ(addressee_of(signal_from(SIGHUP, SI_KERNEL, 0), kProgram, kOwn, false),
            Addressee::kBoth);
}

TEST(AddresseeTest, an_alarm_set_before_we_were_started_did_not_reach_it) {
  EXPECT_EQ(addressee_of(signal_from(SIGALRM, SI_KERNEL, 0), kProgram, kOwn, false),
            Addressee::kProgram);
}

TEST(AddresseeTest, what_the_program_sent_does_not_come_back_to_it) {
  EXPECT_EQ(addressee_of(signal_from(SIGTERM, SI_USER, kProgram), kProgram, kOwn, false),
            Addressee::kBoth);
}

TEST(AddresseeTest, what_our_own_writes_bring_about_is_ours) {
  EXPECT_EQ(addressee_of(signal_from(SIGPIPE, SI_USER, kOwn), kProgram, kOwn, false),
            Addressee::kUs);
  EXPECT_EQ(addressee_of(signal_from(SIGPIPE, SI_USER, 7), kProgram, kOwn, false),
            Addressee::kProgram);
}

TEST(AddresseeTest, our_own_limit_of_processor_time_is_not_the_programs_end) {
  EXPECT_EQ(addressee_of(signal_from(SIGXCPU, SI_KERNEL, 0), kProgram, kOwn, false),
            Addressee::kUs);
  EXPECT_EQ(addressee_of(signal_from(SIGXCPU, SI_USER, 7), kProgram, kOwn, false),
            Addressee::kProgram);
}

// A child that is stopped, and dies of the first signal that reaches it.
ChildProcess spawn_victim(const SignalForwarding& signals) {
  return ChildProcess::spawn(
      {{{"sh", "-c", "kill -STOP $$"}, "", false}, {{"/bin/sh"}, ""}, {}, signals.original_mask()});
}

// Continues the child and returns the signal that ended it. The forwarded signal was sent before
// SIGCONT, so it takes effect first.
int death_of(ChildProcess& child) {
  ::kill(child.pid(), SIGCONT);
  const int status = child.reap().wait_status;
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void wait_until_stopped(const ChildProcess& child) {
  siginfo_t info{};
  ::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED | WNOWAIT);
}

class SignalForwardingTest : public testing::TestWithParam<int> {};

TEST_P(SignalForwardingTest, a_signal_sent_to_us_ends_the_program_and_not_us) {
  EXPECT_TRUE(holds_in_fork([signal = GetParam()] {
    SignalForwarding signals;
    ChildProcess child = spawn_victim(signals);
    wait_until_stopped(child);
    ::kill(::getpid(), signal);
    signals.forward(child.pidfd(), child.pid());
    return death_of(child) == signal;
  }));
}

TEST_P(SignalForwardingTest, a_signal_that_came_before_the_program_is_not_lost) {
  EXPECT_TRUE(holds_in_fork([signal = GetParam()] {
    SignalForwarding signals;
    ::kill(::getpid(), signal);
    signals.keep_early();
    ChildProcess child = spawn_victim(signals);
    wait_until_stopped(child);
    signals.forward(child.pidfd(), child.pid());
    return death_of(child) == signal;
  }));
}

INSTANTIATE_TEST_SUITE_P(Each, SignalForwardingTest,
                         testing::Values(SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2,
                                         SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS,
                                         SIGXCPU));

TEST(SignalForwardingTest, a_program_that_is_gone_is_no_error) {
  EXPECT_TRUE(holds_in_fork([] {
    SignalForwarding signals;
    ChildProcess child = ChildProcess::spawn(
        {{{"true"}, "", false}, {{"/bin/true"}, ""}, {}, signals.original_mask()});
    child.reap();
    ::kill(::getpid(), SIGTERM);
    signals.forward(child.pidfd(), child.pid());
    return true;
  }));
}

TEST(SignalForwardingTest, a_broken_pipe_is_an_error_and_not_a_death) {
  EXPECT_TRUE(holds_in_fork([] {
    ::signal(SIGPIPE, SIG_DFL);
    const SignalForwarding signals;
    int fds[2];
    if (::pipe(fds) != 0) return false;
    ::close(fds[0]);
    return ::write(fds[1], "x", 1) < 0 && errno == EPIPE;
  }));
}

TEST(SignalForwardingTest, a_fault_of_our_own_still_ends_us) {
  const int status = run_forked([]() -> int {
    const SignalForwarding signals;
    ::raise(SIGSEGV);  // treated as sent by somebody, so forwarded to the program
    __builtin_trap();
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGILL) << status;
}

TEST(SignalForwardingTest, the_original_mask_is_remembered) {
  EXPECT_TRUE(holds_in_fork([] {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
    const SignalForwarding signals;
    return sigismember(&signals.original_mask(), SIGUSR1) == 1 &&
           sigismember(&signals.original_mask(), SIGTERM) == 0;
  }));
}

TEST(SignalForwardingTest, nothing_to_forward_does_not_block) {
  EXPECT_TRUE(holds_in_fork([] {
    SignalForwarding signals;
    signals.keep_early();
    return true;
  }));
}

}  // namespace
}  // namespace pyfault

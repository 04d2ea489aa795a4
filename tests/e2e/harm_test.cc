// The watchdog may be missing, dead, stopped or in trouble: the program must run and die as it
// would without it, and without delay.
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/e2e/both_ways.h"
#include "tests/support/files.h"
#include "watchdog/os/pidfd.h"

namespace pyfault::test {
namespace {

constexpr char kCrashes[] = R"(
import ctypes
print("about to crash", flush=True)
ctypes.memset(0, 1, 1)
)";

// Prints its pid, waits for SIGUSR1, and crashes.
constexpr char kCrashesWhenTold[] = R"(
import ctypes, os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print("pid", os.getpid(), "ready", flush=True)
signal.sigwait([signal.SIGUSR1])
ctypes.memset(0, 1, 1)
)";

class Harm : public BothWays {
 protected:
  // The program with the agent preloaded by hand, and no watchdog at that address.
  Launch with_socket(const std::string& address) const {
    Launch launch = bare();
    launch.environment = {{"LD_PRELOAD", preloadable(agent_path(), file(""))},
                          {"PYFAULT_SOCKET", address}};
    return launch;
  }

  static void expect_bare_crash(const Launch& launch) {
    const Outcome outcome = run(launch);
    EXPECT_EQ(outcome.ending, killed_by(SIGSEGV));
    EXPECT_EQ(outcome.out, "about to crash\n");
    EXPECT_EQ(outcome.err, "");
  }
};
INSTANTIATE_TEST_SUITE_P(E2e, Harm, testing::ValuesIn(interpreters()), parameter_name);

TEST_P(Harm, a_stale_socket_changes_nothing) {
  program(kCrashes);
  write_file(file("no-socket"), "");
  for (const std::string& address :
       {std::string("@pyfault-nobody-is-here"), std::string("/nonexistent/socket"),
        std::string("@"), std::string(""), file("no-socket").string(), std::string(5000, 'x')}) {
    SCOPED_TRACE(address);
    expect_bare_crash(with_socket(address));
  }
}

TEST_P(Harm, no_socket_changes_nothing) {
  program(kCrashes);
  Launch launch = bare();
  launch.environment = {{"LD_PRELOAD", preloadable(agent_path(), file(""))}};
  expect_bare_crash(launch);
}

TEST_P(Harm, a_socket_that_never_answers_holds_nobody_up) {
  program(kCrashes);
  const std::string path = file("silent");
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  const UniqueFd silent(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::bind(silent.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(silent.get(), 1), 0);
  expect_bare_crash(with_socket(path));
}

// The agent waits at most two seconds for an acknowledgement, but the machine may be slow.
constexpr int kLongEnoughMs = 60'000;

bool ends_in_time(int pidfd) {
  pollfd event{pidfd, POLLIN, 0};
  return ::poll(&event, 1, kLongEnoughMs) == 1;
}

class WatchdogInTrouble : public Harm {
 protected:
  void start(std::string_view code) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // to inherit the program when its watchdog dies
    program(code);
    watchdog_ = std::make_unique<ChildProcess>(watched());
    watchdog_->await("pid ");
    watchdog_->await(" ready\n");
    program_pid_ = std::stoi(watchdog_->output().substr(sizeof "pid"));
    pidfd_.reset(static_cast<int>(::syscall(SYS_pidfd_open, program_pid_, 0)));
    ASSERT_TRUE(pidfd_);
  }

  void tell_program_to_go_on() const { ASSERT_EQ(::kill(program_pid_, SIGUSR1), 0); }

  // The wait status of the program, which has lost its watchdog. Waits until it has died.
  int status_of_orphan() const {
    int status = -1;
    ::waitpid(program_pid_, &status, 0);
    return status;
  }

  void TearDown() override {
    if (pidfd_) ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
  }

  std::unique_ptr<ChildProcess> watchdog_;
  pid_t program_pid_ = -1;
  UniqueFd pidfd_;
};
INSTANTIATE_TEST_SUITE_P(E2e, WatchdogInTrouble, testing::ValuesIn(interpreters()), parameter_name);

TEST_P(WatchdogInTrouble, killed_the_program_goes_on_and_dies_its_own_death) {
  start(kCrashesWhenTold);
  watchdog_->send(SIGKILL);
  ::waitid(P_PID, static_cast<id_t>(watchdog_->pid()), nullptr, WEXITED | WNOWAIT);
  tell_program_to_go_on();
  ASSERT_TRUE(ends_in_time(pidfd_.get()));
  EXPECT_EQ(status_of_orphan(), SIGSEGV);
}

// Whether the program is in its crash handler, which waits for the acknowledgement on a futex, and
// no longer waits for the signal. True if the kernel does not tell: killing the watchdog too early
// does no harm.
bool waits_on_futex(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/syscall");
  std::string call;
  return !(file >> call) || call == std::to_string(SYS_futex);
}

TEST_P(WatchdogInTrouble, killed_during_a_crash_the_program_dies_its_own_death) {
  start(kCrashesWhenTold);
  watchdog_->suspend();
  tell_program_to_go_on();
  while (!waits_on_futex(program_pid_) && !has_exited(pidfd_.get())) std::this_thread::yield();
  watchdog_->send(SIGKILL);
  ASSERT_TRUE(ends_in_time(pidfd_.get()));
  EXPECT_EQ(status_of_orphan(), SIGSEGV);
}

TEST_P(WatchdogInTrouble, killed_after_a_crash_what_it_reported_stays_and_the_program_goes_on) {
  start(R"(
import ctypes, os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
child = os.fork()
if child == 0:
    ctypes.memset(0, 1, 1)
os.waitpid(child, 0)
print("pid", os.getpid(), "ready", flush=True)
signal.sigwait([signal.SIGUSR1])
ctypes.memset(0, 1, 1)
)");
  while (watchdog().report().find("\"crash\"") == std::string::npos) std::this_thread::yield();
  watchdog_->send(SIGKILL);
  ::waitid(P_PID, static_cast<id_t>(watchdog_->pid()), nullptr, WEXITED | WNOWAIT);
  EXPECT_FALSE(has_exited(pidfd_.get()));
  EXPECT_EQ(watchdog().events("crash").size(), 1U);
  tell_program_to_go_on();
  ASSERT_TRUE(ends_in_time(pidfd_.get()));
  EXPECT_EQ(status_of_orphan(), SIGSEGV);
}

TEST_P(WatchdogInTrouble, stopped_the_program_dies_its_own_death_and_is_reported_later) {
  start(kCrashesWhenTold);
  watchdog_->suspend();
  tell_program_to_go_on();
  ASSERT_TRUE(ends_in_time(pidfd_.get()));
  watchdog_->send(SIGCONT);
  EXPECT_EQ(watchdog_->wait().ending, killed_by(SIGSEGV));
  EXPECT_EQ(watchdog().events("crash").size(), 1U);
}

class StoppedWatchdog : public WatchdogInTrouble {
 protected:
  // Runs the code in the program while the watchdog is stopped, from its first line to its last.
  void run_unseen(const std::string& code) {
    start(R"(
import ctypes, os, signal, subprocess, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print("pid", os.getpid(), "ready", flush=True)
signal.sigwait([signal.SIGUSR1])
)" + code);
    watchdog_->suspend();
    tell_program_to_go_on();
    ASSERT_TRUE(ends_in_time(pidfd_.get()));
    watchdog_->send(SIGCONT);
    EXPECT_EQ(watchdog_->wait().ending, exited(0));
  }

  // Exactly one process has crashed, and its end follows.
  void expect_a_crash_and_its_end() const {
    const auto ends = watchdog().events(Watchdog::kExitBelow);
    const auto crashes = watchdog().events("crash");
    ASSERT_EQ(ends.size(), 1U);
    ASSERT_EQ(crashes.size(), 1U);
    EXPECT_EQ(ends[0].at("process").at("pid"), crashes[0].at("process").at("pid"));
    const std::string log = watchdog().report();
    EXPECT_LT(log.find("\"event\":\"crash\""), log.find("\"event\":\"exit\""));
  }
};
INSTANTIATE_TEST_SUITE_P(E2e, StoppedWatchdog, testing::ValuesIn(interpreters()), parameter_name);

TEST_P(StoppedWatchdog, tells_how_a_child_ended_that_came_and_crashed_meanwhile) {
  run_unseen(R"(
subprocess.run([sys.executable, "-c", 'import ctypes; ctypes.memset(0, 1, 1)'])
)");
  expect_a_crash_and_its_end();
}

TEST_P(StoppedWatchdog, tells_how_a_child_ended_that_was_forked_and_crashed_meanwhile) {
  run_unseen(R"(
child = os.fork()
if child == 0:
    ctypes.memset(0, 1, 1)
os.waitpid(child, 0)
)");
  expect_a_crash_and_its_end();
}

TEST_P(StoppedWatchdog, tells_once_how_a_child_ended_that_executed_another_and_crashed_meanwhile) {
  run_unseen(R"(
crash = 'import ctypes; ctypes.memset(0, 1, 1)'
execute = 'import os, sys; os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])'
subprocess.run([sys.executable, "-c", execute, crash])
)");
  expect_a_crash_and_its_end();
}

TEST_P(StoppedWatchdog, does_not_tell_of_children_that_went_well_meanwhile) {
  run_unseen(R"(
subprocess.run([sys.executable, "-c", ""])
child = os.fork()
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
)");
  EXPECT_TRUE(watchdog().events(Watchdog::kExitBelow).empty());
  EXPECT_TRUE(watchdog().events("crash").empty());
}

TEST_P(WatchdogInTrouble, stopped_dumps_go_on_until_the_ring_is_full) {
  start(R"(
import ctypes, os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print("pid", os.getpid(), "ready", flush=True)
signal.sigwait([signal.SIGUSR1])
results = [ctypes.CDLL(None).pyfault_dump() for _ in range(100)]
print(results.count(0) + results.count(-1), results[0], results[-1])
)");
  watchdog_->suspend();
  tell_program_to_go_on();
  ASSERT_TRUE(ends_in_time(pidfd_.get()));
  watchdog_->send(SIGCONT);
  EXPECT_THAT(watchdog_->wait().out, testing::EndsWith("\n100 0 -1\n"));
  EXPECT_GE(watchdog().events("dump").size(), 1U);
}

TEST_P(Harm, a_full_disk_for_the_log_changes_nothing) {
  program(kCrashes);
  const Outcome outcome =
      run({.command = Watchdog(GetParam(), "/dev/full").command({file("program.py")})});
  EXPECT_EQ(outcome.ending, killed_by(SIGSEGV));
  EXPECT_EQ(outcome.out, "about to crash\n");
}

// The program closes all descriptors and opens another file under each of their numbers: nothing of
// a report may be written to that file.
TEST_P(Harm, a_descriptor_that_now_is_another_file_is_left_alone) {
  program(R"(
import ctypes, os, resource
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
os.closerange(3, limit)
taken = os.open("taken", os.O_CREAT | os.O_RDWR)
for fd in range(3, limit):
    if fd != taken:
        os.dup2(taken, fd)
ctypes.memset(0, 1, 1)
)");
  Launch launch = watched();
  launch.before_exec = [] {
    const rlimit files{1024, 1024};
    ::setrlimit(RLIMIT_NOFILE, &files);
  };
  EXPECT_EQ(run(launch).ending, killed_by(SIGSEGV));
  EXPECT_EQ(read_file(file("taken")), "");
  EXPECT_EQ(watchdog().events("crash").size(), 1U);
}

class Dump : public Harm {};
INSTANTIATE_TEST_SUITE_P(E2e, Dump, testing::ValuesIn(interpreters()), parameter_name);

constexpr char kDumps[] = R"(
import ctypes

def ask():
    print(ctypes.CDLL(None).pyfault_dump())

ask()
print("went on")
)";

TEST_P(Dump, records_the_stacks_and_the_program_goes_on) {
  program(kDumps);
  const Outcome outcome = run(watched());
  EXPECT_EQ(outcome.ending, exited(0));
  EXPECT_EQ(outcome.out, "0\nwent on\n");
  const auto dumps = watchdog().events("dump");
  ASSERT_EQ(dumps.size(), 1U);
  const auto& frames = dumps[0].at("threads").at(0).at("frames");
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].at("function"), "ask");
  EXPECT_EQ(frames[1].at("function"), "<module>");
  EXPECT_TRUE(watchdog().events("crash").empty());
}

// Calls pyfault_dump() with an unusual rounding mode, with denormals flushed to zero and with errno
// set. A name of the dumped frames is a wild pointer, so that the dump itself faults. None of the
// three may change.
constexpr char kDumpsAmidArithmetic[] = R"(
import ctypes, mmap

code = bytes.fromhex(
    "53 4889fb 0fae5b10 d97b14"  # push rbx; mov rbx, rdi; stmxcsr [rbx+16]; fnstcw [rbx+20]
    "0fae13 d96b04 ffd6"         # ldmxcsr [rbx]; fldcw [rbx+4]; call rsi
    "0fae5b08 d97b0c"            # stmxcsr [rbx+8]; fnstcw [rbx+12]
    "0fae5310 d96b14 5bc3")      # ldmxcsr [rbx+16]; fldcw [rbx+20]; pop rbx; ret
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
place = ctypes.addressof(ctypes.c_char.from_buffer(page))
call = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, use_errno=True)(place)
dump = ctypes.cast(ctypes.CDLL(None).pyfault_dump, ctypes.c_void_p)
state = (ctypes.c_uint * 6)(0xffc0, 0x0f7f)

def nameless():
    ctypes.set_errno(1234)
    result = call(state, dump)
    return result, ctypes.get_errno(), hex(state[2]), hex(state[3] & 0xffff)

words = (ctypes.c_size_t * (nameless.__code__.__sizeof__() // 8)).from_address(id(nameless.__code__))
index = next(i for i, word in enumerate(words) if word == id(nameless.__code__.co_name))
name, words[index] = words[index], 0x123456789000
seen = nameless()
words[index] = name
print(seen)
)";

TEST_P(Dump, keeps_errno_and_the_floating_point_state) {
  program(kDumpsAmidArithmetic);
  const Outcome outcome = run(watched());
  EXPECT_EQ(outcome.out, "(0, 1234, '0xffc0', '0xf7f')\n");
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(watchdog().events("dump").size(), 1U);
}

TEST_P(Dump, says_no_without_a_watchdog) {
  program(kDumps);
  EXPECT_EQ(run(with_socket("@pyfault-nobody-is-here")).out, "-1\nwent on\n");
}

TEST_P(Dump, comes_before_the_crash_that_follows) {
  program(std::string(kDumps) + "ctypes.memset(0, 1, 1)");
  EXPECT_EQ(run(watched()).ending, killed_by(SIGSEGV));
  const auto events = watchdog().events();
  ASSERT_EQ(events.size(), 4U);
  const std::array kinds = {"start", "dump", "crash", "exit"};
  for (std::size_t i = 0; i < kinds.size(); ++i) EXPECT_EQ(events[i].at("event"), kinds[i]);
}

}  // namespace
}  // namespace pyfault::test

// The signal handler itself faults or is killed at each step of its work. What it had committed
// must be reported as an incomplete crash that says where the record ends, and the program must die
// of its original signal.
#include <gmock/gmock.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/e2e/both_ways.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr char kTwoThreads[] = R"(
import ctypes, sys
sys.dont_write_bytecode = True
sys.path.insert(0, ")" PYFAULT_SCENARIOS R"(")
from helpers import parked
import _thread
gate = _thread.allocate_lock()
gate.acquire()
def wait():
    gate.acquire()
parked.start(wait)
def crash():
    ctypes.memset(0, 1, 1)
crash()
)";

class DeathInHandler : public BothWays {
 protected:
  // `how` is PYFAULT_FAULT_AT or PYFAULT_KILL_AT.
  void die(const std::string& how, std::size_t committed) {
    program(kTwoThreads);
    const auto step = how + "=" + std::to_string(committed);
    std::filesystem::remove(file("log"));
    const Watchdog watchdog = Watchdog(GetParam(), file("log")).native("on");
    // env executes the interpreter with the faulty agent in place of the one that the watchdog
    // preloads.
    const auto agent = preloadable(PYFAULT_FAULTY_AGENT, file(""));
    outcome_ = run({.command = watchdog.command({"/usr/bin/env", "LD_PRELOAD=" + agent.string(),
                                                 step, GetParam().path, file("program.py")})});
    exits_ = watchdog.events("exit");
    crashes_ = watchdog.events("crash");
  }

  // Checks what holds for every crash that was cut short, and returns its threads.
  const json& expect_prefix(const std::string& where) const {
    EXPECT_EQ(crashes_.size(), 1U);
    const json& crash = crashes_.at(0);
    EXPECT_FALSE(crash.at("complete"));
    EXPECT_THAT(crash.at("incomplete_reason").get<std::string>(), HasSubstr(where));
    EXPECT_EQ(crash.at("signal").at("name"), "SIGSEGV");
    return crash.at("threads");
  }

  Outcome outcome_;
  std::vector<json> exits_;
  std::vector<json> crashes_;
};
INSTANTIATE_TEST_SUITE_P(E2e, DeathInHandler, testing::ValuesIn(interpreters()), parameter_name);

struct Step {
  const char* ends;
  std::size_t threads;
};

// Indexed by the number of sections that have been committed.
std::vector<Step> steps(const Version& version) {
  std::vector<Step> steps = {
      {"", 0}, {"ends after the signal", 0}, {"ends after the interpreter", 0}};
  // After each thread its anchors, from 3.10 on, and after the first one the machine code and the
  // stack too.
  const std::size_t anchors = version < Version{3, 10} ? 0 : 1;
  steps.insert(steps.end(), 1 + anchors + 2, {"ends after 1 thread", 1});
  steps.insert(steps.end(), 1 + anchors, {"ends after 2 threads", 2});
  return steps;
}

TEST_P(DeathInHandler, before_anything_is_committed_still_has_an_exit_event) {
  for (const auto& [how, signal] :
       {std::pair{"PYFAULT_FAULT_AT", SIGSEGV}, std::pair{"PYFAULT_KILL_AT", SIGKILL}}) {
    die(how, 0);
    EXPECT_EQ(outcome_.ending, killed_by(signal));
    EXPECT_TRUE(crashes_.empty());
    EXPECT_EQ(exits_.size(), 1U);
  }
}

TEST_P(DeathInHandler, by_a_fault_leaves_the_sections_committed_before) {
  const std::vector<Step> all = steps(GetParam().version);
  for (std::size_t step = 1; step < all.size(); ++step) {
    die("PYFAULT_FAULT_AT", step);
    EXPECT_EQ(outcome_.ending, killed_by(SIGSEGV));
    EXPECT_EQ(expect_prefix(all[step].ends).size(), all[step].threads);
    EXPECT_THAT(crashes_.at(0).at("incomplete_reason").get<std::string>(),
                HasSubstr("fault in the handler"));
    EXPECT_EQ(exits_.at(0).at("crash"), crashes_.at(0).at("id"));
  }
}

TEST_P(DeathInHandler, by_sigkill_leaves_the_sections_committed_before) {
  const std::vector<Step> all = steps(GetParam().version);
  for (std::size_t step = 1; step < all.size(); ++step) {
    die("PYFAULT_KILL_AT", step);
    EXPECT_EQ(outcome_.ending, killed_by(SIGKILL));
    EXPECT_EQ(expect_prefix(all[step].ends).size(), all[step].threads);
    EXPECT_EQ(exits_.at(0).at("crash"), crashes_.at(0).at("id"));
  }
}

TEST_P(DeathInHandler, after_the_last_step_is_no_death_in_the_handler) {
  die("PYFAULT_FAULT_AT", steps(GetParam().version).size());
  EXPECT_EQ(outcome_.ending, killed_by(SIGSEGV));
  EXPECT_TRUE(crashes_.at(0).at("complete"));
}

// A program that crashes in a sandbox which kills it for some system calls. After publishing the
// record the handler wakes the watchdog, which takes such calls, unless the agent has seen the
// sandbox being installed. `install`: the seccomp helper to call and its list of calls.
std::string sandboxed(const std::string& preparation, const std::string& install) {
  return R"(
import ctypes, faulthandler, sys
sys.dont_write_bytecode = True
sys.path.insert(0, ")" PYFAULT_SCENARIOS R"(")
from helpers import chained_handler, seccomp
def crash():
    ctypes.memset(0, 1, 1)
)" + preparation +
         R"(
seccomp.)" +
         install + R"(], seccomp.KILL)
crash()
)";
}

// Checks how a crash in a sandbox ends, and whether the exit event refers to the crash.
class DeathInSandbox : public DeathInHandler {
 protected:
  void die_after(const std::string& preparation) {
    program(sandboxed(preparation, "refuse_unseen([seccomp.OPENAT"));
    outcome_ = run(watched());
    if (outcome_.ending == exited(77)) GTEST_SKIP() << outcome_.err;
    EXPECT_EQ(outcome_.ending, killed_by(SIGSYS));
    crashes_ = watchdog().events("crash");
    ASSERT_EQ(crashes_.size(), 1U);
    EXPECT_TRUE(crashes_[0].at("complete"));
    EXPECT_EQ(crashes_[0].at("signal").at("name"), "SIGSEGV");
    exits_ = watchdog().events("exit");
    ASSERT_EQ(exits_.size(), 1U);
    EXPECT_EQ(exits_[0].at("exit").at("signal"), "SIGSYS");
  }
  static bool died() { return !IsSkipped() && !HasFatalFailure(); }
  json id() const { return crashes_.at(0).at("id"); }
};

INSTANTIATE_TEST_SUITE_P(E2e, DeathInSandbox, testing::ValuesIn(interpreters()), parameter_name);

TEST_P(DeathInSandbox, leaves_the_record_whole) {
  die_after("");
  if (died()) {
    EXPECT_EQ(exits_.at(0).at("crash"), id());
  }
}

TEST_P(DeathInSandbox, does_not_come_of_a_call_that_it_was_seen_to_forbid) {
  for (const std::string call :
       {"FSTAT", "POLL", "CLOSE", "WRITE", "OPENAT", "SOCKET", "CONNECT"}) {
    program(sandboxed("", "refuse([seccomp." + call));
    EXPECT_EQ(run(watched()).ending, killed_by(SIGSEGV)) << call;
    EXPECT_EQ(watchdog().events("crash").size(), 1U) << call;
    std::filesystem::remove(file("log"));
  }
}

TEST_P(DeathInSandbox, is_owed_to_the_crash_though_faulthandler_came_first) {
  // From 3.14 on, faulthandler opens libraries to print the C frames.
  die_after("faulthandler.enable(**({'c_stack': False} if sys.version_info >= (3, 14) else {}))");
  if (died()) {
    EXPECT_EQ(exits_.at(0).at("crash"), id());
  }
}

TEST_P(DeathInSandbox,
       is_not_owed_to_a_crash_that_the_programs_own_handler_might_have_saved_it_from) {
  die_after("chained_handler.install()");
  if (died()) {
    EXPECT_EQ(exits_.at(0).at("crash"), json());
  }
}

}  // namespace
}  // namespace pyfault::test

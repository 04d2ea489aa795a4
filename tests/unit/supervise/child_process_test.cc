#include "watchdog/supervise/child_process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

#include "tests/unit/supervise/forked.h"
#include "tests/unit/supervise/temporary_files.h"
#include "watchdog/os/pidfd.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

using testing::HasSubstr;

class ChildProcessTest : public testing::Test {
 protected:
  static SpawnPlan plan(const std::string& path, std::vector<std::string> argv) {
    SpawnPlan plan{
        {std::move(argv), "", false}, {{path}, ""}, {"PATH=/usr/bin:/bin", "MARK=42"}, {}};
    sigemptyset(&plan.signal_mask);
    return plan;
  }
  static SpawnPlan shell(const std::string& code) { return plan("/bin/sh", {"sh", "-c", code}); }
  static int status_of(const SpawnPlan& plan) {
    return ChildProcess::spawn(plan).reap().wait_status;
  }
  static int exit_code(const SpawnPlan& plan) {
    const int status = status_of(plan);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  // Whether a shell condition is true in a child.
  static bool holds(const std::string& condition) { return exit_code(shell(condition)) == 0; }
  static StartError refusal(const SpawnPlan& plan) {
    try {
      status_of(plan);
    } catch (const StartError& error) {
      return error;
    }
    return {0, ""};
  }
  // A shell condition: the line `name` of /proc/self/status, such as SigIgn, has this value in the
  // child.
  static std::string status_line_is(const std::string& name, const std::string& value) {
    return "while read key rest; do [ \"$key\" = " + name + ": ] && [ \"$rest\" = " + value +
           " ] && exit 0; done < /proc/self/status; exit 1";
  }

  TemporaryFiles files_;
};

TEST_F(ChildProcessTest, every_exit_code_comes_back) {
  for (int code = 0; code < 256; ++code) {
    EXPECT_EQ(exit_code(shell("exit " + std::to_string(code))), code);
  }
}

TEST_F(ChildProcessTest, every_signal_that_kills_comes_back) {
  for (const int signal :
       {1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 13, 14, 15, 24, 25, 31, 32, 33, 34, 64}) {
    const int status = status_of(shell("ulimit -c 0; kill -" + std::to_string(signal) + " $$"));
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << signal << ": " << status;
  }
}

TEST_F(ChildProcessTest, the_descriptor_is_readable_after_the_end) {
  ChildProcess child = ChildProcess::spawn(shell("kill -STOP $$"));
  EXPECT_FALSE(has_exited(child.pidfd()));
  ::kill(child.pid(), SIGKILL);
  child.reap();
  EXPECT_TRUE(has_exited(child.pidfd()));
}

TEST_F(ChildProcessTest, what_it_used_is_known) {
  EXPECT_GT(ChildProcess::spawn(shell("exit 0")).reap().usage->ru_maxrss, 0);
}

TEST_F(ChildProcessTest, arguments_and_environment_are_those_of_the_plan) {
  EXPECT_TRUE(holds("[ \"$MARK\" = 42 ]"));
  EXPECT_EQ(exit_code(plan("/bin/sh",
                           {"zero", "-c", "[ \"$0\" = a ] && [ \"$2\" = 'b c' ]", "a", "", "b c"})),
            0);
}

TEST_F(ChildProcessTest, the_signal_mask_is_that_of_the_plan_and_not_ours) {
  EXPECT_TRUE(holds_in_fork([] {
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    SpawnPlan masked = shell(status_line_is("SigBlk", "0000000000000200"));
    sigaddset(&masked.signal_mask, SIGUSR1);
    return exit_code(masked) == 0;
  }));
}

TEST_F(ChildProcessTest, ignored_signals_stay_ignored_and_no_others_are) {
  EXPECT_TRUE(holds_in_fork([] {
    for (int signal = 1; signal < 65; ++signal) ::signal(signal, SIG_DFL);
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGUSR1, SIG_IGN);
    return holds(status_line_is("SigIgn", "0000000000000201"));
  }));
}

TEST_F(ChildProcessTest, its_status_is_not_lost_where_sigchld_is_ignored) {
  EXPECT_TRUE(holds_in_fork([] {
    for (int round = 0; round < 200; ++round) {  // the child may end before it is waited for
      ::signal(SIGCHLD, SIG_IGN);
      if (exit_code(plan("/bin/false", {"false"})) != 1) return false;
    }
    return true;
  }));
}

TEST_F(ChildProcessTest, an_ignored_sigchld_is_ignored_in_the_program) {
  EXPECT_TRUE(holds_in_fork([] {
    ::signal(SIGCHLD, SIG_IGN);
    return exit_code(plan("/bin/grep", {"grep", "-q", "SigIgn:.*1....$", "/proc/self/status"})) ==
           0;
  }));
}

TEST_F(ChildProcessTest, our_close_on_exec_descriptors_are_not_in_the_child) {
  const UniqueFd ours(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::string fd = std::to_string(ours.get());
  EXPECT_TRUE(holds("[ ! -e /proc/self/fd/" + fd + " ]"));
}

TEST_F(ChildProcessTest, it_stays_in_our_process_group_and_session) {
  const std::string expected = std::to_string(::getpgrp()) + " " + std::to_string(::getsid(0));
  EXPECT_TRUE(
      holds("read pid name state parent group session rest < /proc/self/stat; [ \"$group "
            "$session\" = '" +
            expected + "' ]"));
}

TEST_F(ChildProcessTest, a_script_without_a_shebang_is_run_by_the_shell) {
  const std::string script = files_.executable("script", "[ \"$1\" = arg ] && exit 7");
  EXPECT_EQ(exit_code(plan(script, {"script", "arg"})), 7);
}

TEST_F(ChildProcessTest, a_binary_of_an_unknown_format_is_126) {
  const std::string binary = files_.executable("binary", std::string("\0\1\2garbage", 10));
  const StartError error = refusal(plan(binary, {"binary"}));
  EXPECT_EQ(error.exit_code(), 126);
  EXPECT_THAT(error.what(), HasSubstr("Exec format error"));
}

TEST_F(ChildProcessTest, a_missing_shebang_interpreter_is_127) {
  const std::string script = files_.executable("script", "#!/no/such/interpreter\n");
  EXPECT_EQ(refusal(plan(script, {"script"})).exit_code(), 127);
}

TEST_F(ChildProcessTest, what_cannot_be_executed_leaves_no_process) {
  EXPECT_TRUE(holds_in_fork([] {
    refusal(plan("/no/such/program", {"program"}));
    return ::waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
  }));
}

TEST_F(ChildProcessTest, too_many_arguments_are_126) {
  const std::string huge(1 << 18, 'x');
  EXPECT_EQ(refusal(plan("/bin/true", {"true", huge})).exit_code(), 126);
}

class PlannedChild : public ChildProcessTest {
 protected:
  bool holds(const std::string& condition) {
    plan_.command.argv = {"sh", "-c", condition};
    return exit_code(plan_) == 0;
  }

  SpawnPlan plan_ = shell("");
};

TEST_F(PlannedChild, leads_a_session_and_a_group_of_its_own) {
  const std::string condition =
      "read pid name state ppid group session rest < /proc/self/stat; "
      "[ $pid = $group ] && [ $pid = $session ]";
  EXPECT_FALSE(holds(condition));
  plan_.own_session = true;
  EXPECT_TRUE(holds(condition));
}

TEST_F(PlannedChild, has_its_directory) {
  plan_.directory = "/usr";
  EXPECT_TRUE(holds("[ \"$(pwd)\" = /usr ]"));
}

TEST_F(PlannedChild, has_its_mask) {
  plan_.umask = 027;
  EXPECT_TRUE(holds("[ $(umask) = 0027 ]"));
}

TEST_F(PlannedChild, has_its_limits) {
  plan_.limits = {{RLIMIT_NOFILE, {70, 77}}, {RLIMIT_CORE, {0, 0}}};
  EXPECT_TRUE(holds("[ $(ulimit -n) = 70 ] && [ $(ulimit -H -n) = 77 ] && [ $(ulimit -c) = 0 ]"));
}

TEST_F(PlannedChild, has_its_streams) {
  const std::string file = files_.plain("out");
  const UniqueFd out(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  plan_.streams = {-1, out.get(), out.get()};
  EXPECT_TRUE(holds("echo to stdout; echo to stderr >&2"));
  std::ifstream written(file);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(written), {}), "to stdout\nto stderr\n");
}

TEST_F(PlannedChild, is_its_user_and_in_its_groups_only) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root's rights to become somebody else";
  plan_.identity = Identity{65534, 65533, {65532}};
  EXPECT_TRUE(
      holds("[ $(id -u) = 65534 ] && [ $(id -g) = 65533 ] && "
            "[ \"$(id -G)\" = '65533 65532' ]"));
}

TEST_F(PlannedChild, is_refused_when_something_cannot_be_had_and_says_what) {
  plan_.directory = "/nonexistent";
  const StartError error = refusal(plan_);
  EXPECT_EQ(error.exit_code(), kExitOwnError);
  EXPECT_THAT(error.what(), HasSubstr("cannot run 'sh' with the directory '/nonexistent': No"));
}

// `us` is the forked process, which is killed.
TEST_F(ChildProcessTest, one_that_is_tied_to_us_dies_with_us) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    SpawnPlan child = shell("exec sleep 1000");
    child.dies_with_us = true;
    ChildProcess::spawn(child);
    ::raise(SIGKILL);
  }
  ::close(ends[1]);
  ::waitpid(parent, nullptr, 0);
  char byte = 0;
  EXPECT_EQ(::read(ends[0], &byte, 1), 0);  // end of file: the child is dead
  ::close(ends[0]);
}

TEST_F(ChildProcessTest, how_one_ended_that_was_adopted_is_known_or_said_to_be_unknown) {
  ChildProcess child = ChildProcess::spawn(shell("exit 3"));
  UniqueFd pidfd = open_pidfd(child.pid());
  child.reap();
  const ChildEnd end = ChildProcess::adopt(child.pid(), std::move(pidfd)).reap();
  if (end.is_known) {
    EXPECT_EQ(WEXITSTATUS(end.wait_status), 3);
  }
}

}  // namespace
}  // namespace pyfault

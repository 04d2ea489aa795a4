// --doctor must tell an environment in which crashes are reported from one in which they are not,
// and must name the obstacle.
#include <gmock/gmock.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>

#include "tests/support/child_process.h"
#include "tests/support/files.h"
#include "tests/support/interpreter.h"
#include "tests/support/temp_directory.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Doctor : public testing::Test {
 protected:
  Outcome consult(const fs::path& python, std::function<void()> before_exec = {},
                  std::map<std::string, std::string> environment = {}) const {
    return run({.command = {watchdog_path(), "--doctor", "--python", python},
                .environment = std::move(environment),
                .directory = directory_.path(),
                .before_exec = std::move(before_exec),
                .limit = std::chrono::seconds(1200)});
  }

  void expect_failures(const Outcome& outcome, const std::string& reason) const {
    EXPECT_EQ(outcome.ending, exited(1)) << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("FAILED"));
    EXPECT_THAT(outcome.out, Not(HasSubstr("  ok ")));
    EXPECT_THAT(outcome.out, HasSubstr(reason));
  }

  fs::path script(const std::string& text) const {
    const fs::path path = directory_.path() / "python3";
    write_file(path, "#!/bin/sh\n" + text);
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }

  fs::path python() const { return interpreters().front().path; }

  TempDirectory directory_;
};

// Makes the system call fail as it does in a container whose seccomp profile does not allow it.
void refuse_system_call(int number) {
  const auto nr = static_cast<std::uint32_t>(number);
  std::array<sock_filter, 4> filter = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{filter.size(), filter.data()};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

void limit(__rlimit_resource resource, rlim_t value) {
  const rlimit both{value, value};
  ::setrlimit(resource, &both);
}

TEST_F(Doctor, finds_every_interpreter_healthy) {
  for (const Interpreter& interpreter : interpreters()) {
    const Outcome outcome = consult(interpreter.path);
    EXPECT_EQ(outcome.ending, exited(0)) << interpreter << outcome.out << outcome.err;
    EXPECT_THAT(outcome.out, Not(HasSubstr("FAILED")));
    EXPECT_EQ(outcome.err, "");
  }
}

TEST_F(Doctor, leaves_nothing_behind) {
  consult(python(), [] { limit(RLIMIT_CORE, RLIM_INFINITY); });
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

TEST_F(Doctor, sees_a_statically_linked_interpreter) {
  expect_failures(consult(PYFAULT_STATIC_PROGRAM), "is statically linked");
}

TEST_F(Doctor, sees_a_version_that_is_not_known) {
  const Outcome outcome = consult(PYFAULT_FUTURE_INTERPRETER);
  expect_failures(outcome, "Python 3.99 is not known");
  EXPECT_THAT(outcome.out, HasSubstr("advice: use a version of Python"));
}

TEST_F(Doctor, sees_an_interpreter_with_another_layout) {
  expect_failures(consult(PYFAULT_PATCHED_INTERPRETER), "has not the memory layout");
}

TEST_F(Doctor, sees_a_wrapper_that_removes_the_agent) {
  const fs::path wrapper = script("unset LD_PRELOAD\nexec '" + python().string() + "' \"$@\"\n");
  expect_failures(consult(wrapper), "runs without the agent");
}

TEST_F(Doctor, sees_through_a_harmless_wrapper) {
  const Outcome outcome = consult(script("exec '" + python().string() + "' \"$@\"\n"));
  EXPECT_EQ(outcome.ending, exited(0)) << outcome.out;
}

TEST_F(Doctor, sees_that_the_address_of_the_watchdog_is_lost) {
  const fs::path wrapper =
      script("unset PYFAULT_SOCKET\nexec '" + python().string() + "' \"$@\"\n");
  expect_failures(consult(wrapper), "has the agent loaded, which does not get through");
}

TEST_F(Doctor, sees_a_program_that_is_no_interpreter) {
  expect_failures(consult("/bin/true"), "does not run Python code");
}

TEST_F(Doctor, sees_a_set_user_id_interpreter) {
  const fs::path copy = directory_.path() / "python3";
  fs::copy_file(python(), copy);
  constexpr uid_t kNobody = 65534;
  if (::chown(copy.c_str(), kNobody, kNobody) != 0) {
    GTEST_SKIP() << "needs root's rights to give a program to another user";
  }
  ASSERT_EQ(::chmod(copy.c_str(), S_ISUID | S_IRWXU | S_IXGRP | S_IXOTH | S_IRGRP | S_IROTH), 0);
  expect_failures(consult(copy), "is set-user-ID");
}

TEST_F(Doctor, sees_that_shared_memory_is_refused) {
  const Outcome outcome = consult(python(), [] { refuse_system_call(SYS_memfd_create); });
  expect_failures(outcome, "memfd_create(2) is refused");
  EXPECT_THAT(outcome.out, HasSubstr("a seccomp filter is active"));
}

TEST_F(Doctor, sees_limits_that_are_near) {
  const Outcome outcome = consult(python(), [] { limit(RLIMIT_NOFILE, 40); });
  EXPECT_EQ(outcome.ending, exited(0)) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("only 40 descriptors may be open"));
}

TEST_F(Doctor, fails_by_itself_where_it_cannot_even_try) {
  const Outcome outcome = consult(python(), [] { limit(RLIMIT_NOFILE, 10); });
  EXPECT_EQ(outcome.ending, exited(125));
  EXPECT_THAT(outcome.err, HasSubstr("Too many open files"));
  EXPECT_EQ(consult("/nonexistent/python3").ending, exited(127));
}

TEST_F(Doctor, mentions_other_crash_handlers) {
  const Outcome outcome = consult(python(), {}, {{"PYTHONFAULTHANDLER", "1"}});
  EXPECT_EQ(outcome.ending, exited(0)) << outcome.out;
  EXPECT_THAT(outcome.out, HasSubstr("another handler is installed when Python starts (SIGSEGV"));
}

}  // namespace
}  // namespace pyfault::test

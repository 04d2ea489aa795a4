// A symbolizer that does not do what it should: each test is a program in its place.
#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <thread>

#include "tests/support/answer_builder.h"
#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/symbolize/dead_subject.h"

namespace pyfault::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

using Clock = std::chrono::steady_clock;

// And to its children.
void forbid_filters_to_this_thread() {
  constexpr std::uint32_t kForbid = SECCOMP_RET_ERRNO | EPERM;
  constexpr unsigned kFirstArgument = offsetof(seccomp_data, args);
  sock_filter steps[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kForbid),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFirstArgument),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kForbid),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{std::size(steps), steps};
  ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

struct SymbolizerTest : testing::Test {
  // Puts a shell script in the place of the symbolizer.
  const Symbols& symbolize_by(const std::string& script, Clock::duration patience = kPatience) {
    const std::filesystem::path program = folder.path() / "symbolizer";
    write_file(program, "#!/bin/sh\n" + script + "\n");
    ::chmod(program.c_str(), 0755);
    return symbolize_within(program, patience);
  }
  const Symbols& symbolize_within(const std::filesystem::path& program, Clock::duration patience) {
    const auto begin = Clock::now();
    symbols = pyfault::symbolize(program, subject.request(), begin + patience);
    took = Clock::now() - begin;
    return symbols;
  }

  // What is known without any help.
  void expect_only_registers() const {
    ASSERT_EQ(symbols.stacks.size(), 1);
    const UnwoundStack& stack = symbols.stacks[0];
    EXPECT_FALSE(stack.complete);
    EXPECT_EQ(stack.incomplete_reason, symbols.trouble);
    ASSERT_EQ(stack.frames.size(), 1);
    const NativeFrame& only = stack.frames[0].functions.at(0);
    EXPECT_EQ(only.address, subject.program_counter());
    EXPECT_EQ(only.module, DeadSubject::path());
    EXPECT_TRUE(only.offset.has_value());
  }
  static bool has_children() { return ::waitpid(-1, nullptr, WNOHANG) >= 0; }
  static auto descriptors() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  }

  const DeadSubject subject{"null"};
  TempDirectory folder;
  Symbols symbols;
  Clock::duration took{};
};

TEST_F(SymbolizerTest, that_does_not_exist) {
  symbolize_within("/nonexistent", kPatience);
  EXPECT_EQ(symbols.trouble, "cannot run '/nonexistent': not found");
  expect_only_registers();
}

TEST_F(SymbolizerTest, that_dies) {
  EXPECT_EQ(symbolize_by("kill -SEGV $$").trouble, "the symbolizer died of SIGSEGV");
  expect_only_registers();
}

TEST_F(SymbolizerTest, that_says_nothing) {
  EXPECT_EQ(symbolize_by("exit 0").trouble, "the symbolizer ended early");
  expect_only_registers();
}

TEST_F(SymbolizerTest, that_talks_nonsense) {
  EXPECT_EQ(symbolize_by("echo 'What is this all about?'").trouble,
            "the symbolizer's answer makes no sense");
  expect_only_registers();
}

TEST_F(SymbolizerTest, that_does_not_end) {
  EXPECT_EQ(symbolize_by("while :; do :; done", 300ms).trouble, "the symbolizer took too long");
  expect_only_registers();
}

TEST_F(SymbolizerTest, that_is_stopped) {
  EXPECT_EQ(symbolize_by("kill -STOP $$", 300ms).trouble, "the symbolizer took too long");
  EXPECT_LT(took, 20s);
  expect_only_registers();
}

TEST_F(SymbolizerTest, that_is_stopped_has_said_what_it_said) {
  AnswerBuilder answer;
  answer.frames({{subject.program_counter(), 0x7000, kUnknownOffset, 0, 0, {}},
                 {0x3000, 0x7010, kUnknownOffset, 1, 0, {}}});
  write_file(folder.path() / "answer", answer.stack_end().text("a name").bytes());
  symbolize_by("/bin/cat " + (folder.path() / "answer").string() + "; kill -STOP $$", 500ms);
  EXPECT_EQ(symbols.trouble, "the symbolizer took too long");
  EXPECT_TRUE(symbols.stacks.at(0).complete);
  EXPECT_EQ(symbols.stacks.at(0).frames.size(), 2);
}

TEST_F(SymbolizerTest, that_hangs_up_and_goes_on) {
  EXPECT_EQ(symbolize_by("exec >&- <&-; while :; do :; done").trouble,
            "the symbolizer died of SIGKILL");
  EXPECT_LT(took, 20s);
  expect_only_registers();
}

TEST_F(SymbolizerTest, that_does_not_stop_talking) {
  EXPECT_EQ(symbolize_by("while :; do echo 12345678901234567890123456789012; done").trouble,
            "the symbolizer talks too much");
  expect_only_registers();
}

TEST_F(SymbolizerTest, that_asks_for_files_of_no_use) {
  EXPECT_EQ(symbolize_by("for i in 1 2 3; do echo x >&0; done").trouble,
            "the symbolizer ended early");
}

TEST_F(SymbolizerTest, sees_nothing_of_the_environment) {
  symbolize_by("echo $HOME $LD_PRELOAD >" + (folder.path() / "seen").string());
  EXPECT_EQ(read_file(folder.path() / "seen"), "\n");
}

TEST_F(SymbolizerTest, of_another_version) {
  // As the watchdog of that version would, the test says nothing that it understands.
  EXPECT_THAT(symbolize_by("exec </dev/null; exec " + symbolizer_program().string()).trouble,
              StartsWith("the watchdog is of another version"));
}

// Some containers forbid filters of system calls.
TEST_F(SymbolizerTest, reads_nothing_without_a_sandbox) {
  std::thread([this] {
    forbid_filters_to_this_thread();
    symbolize_within(symbolizer_program(), kPatience);
  }).join();
  EXPECT_EQ(symbols.trouble, "no sandbox: seccomp: Operation not permitted");
  expect_only_registers();
}

TEST_F(SymbolizerTest, leaves_no_process_and_no_descriptor) {
  const auto before = descriptors();
  for (const char* script : {"exit 1", "kill -STOP $$", "exec >&-; while :; do :; done"}) {
    symbolize_by(script, 300ms);
  }
  symbolize_within(symbolizer_program(), kPatience);
  EXPECT_EQ(symbols.trouble, "");
  EXPECT_EQ(descriptors(), before);
  EXPECT_FALSE(has_children());
}

}  // namespace
}  // namespace pyfault::test

// Reads threads of real processes, which are children of this one.
#include "watchdog/symbolize/thread_stacks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <string>

#include "tests/unit/enrich/waiting_child.h"
#include "watchdog/os/read_file.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault::test {
namespace {

using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr std::uint64_t kMark = 0x6b73'6174'7365'6854;
constexpr std::size_t kDeep = std::size_t{200} << 10;
constexpr std::size_t kThreads = 3;
constexpr uid_t kNobody = 65534;
constexpr char kRunning[] = "it was running";

// What the child's threads say about themselves.
struct Told {
  std::atomic<int> tid{0};
  std::atomic<std::uint64_t> ident{0};
};
struct AllTold {
  std::array<Told, kThreads> threads;
};

void tell(Told& told) {
  told.ident = pthread_self();
  told.tid = gettid();
}

void* wait_with_mark(void* told) {
  volatile std::uint64_t mark = kMark;
  tell(*static_cast<Told*>(told));
  while (mark == kMark) pause();
  return nullptr;
}

void* wait_deep_down(void* told) {
  volatile char filler[kDeep];
  filler[0] = 1;
  tell(*static_cast<Told*>(told));
  while (filler[0] == 1) pause();
  return nullptr;
}

void* spin(void* told) {
  volatile std::uint64_t count = 0;
  tell(*static_cast<Told*>(told));
  for (;;) count = count + 1;
}

MemoryMap map_of(int pid) {
  return MemoryMap(
      pyfault::read_file(fmt::format("/proc/{}/maps", pid), std::size_t{1} << 20).value_or(""));
}

UniqueFd directory_of(int pid) {
  return UniqueFd(open(fmt::format("/proc/{}", pid).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

ThreadReading read_first_thread(int pid) {
  const UniqueFd directory = directory_of(pid);
  const MemoryMap map = map_of(pid);
  for (;;) {
    auto readings =
        read_thread_stacks({directory.get(), pid, pid}, map, {{pid, 0, {}}},
                           std::chrono::steady_clock::time_point::max(), [](const auto&) {});
    if (readings.at(0).why_not != kRunning) return std::move(readings[0]);
  }
}

enum Kind : std::size_t { kMarked, kDeepDown, kRuns };

// A process with a thread of each kind, besides its first one.
class ThreadStacks : public testing::Test {
 protected:
  // Waits until the threads wait.
  void SetUp() override {
    for (const ThreadToRead& each : {thread(kMarked), thread(kDeepDown), first_thread()}) {
      while (read_one(each).why_not == kRunning) usleep(1000);
    }
    told_of_ = 0;
  }

  ThreadToRead first_thread() const { return {pid_, 0, {}}; }
  ThreadToRead thread(Kind kind) const { return {told(kind).tid, told(kind).ident, {}}; }

  std::vector<ThreadReading> read(const std::vector<ThreadToRead>& threads, int own_pid = 0,
                                  std::chrono::seconds patience = std::chrono::seconds(60)) {
    const UniqueFd directory = directory_of(child_.pid());
    return read_thread_stacks(
        {directory.get(), child_.pid(), own_pid == 0 ? child_.pid() : own_pid}, map_, threads,
        std::chrono::steady_clock::now() + patience, [this](const CapturedStack&) { ++told_of_; });
  }
  ThreadReading read_one(const ThreadToRead& thread, int own_pid = 0) {
    return std::move(read({thread}, own_pid).at(0));
  }

  static std::uint64_t begin_of(const CapturedStack& stack) { return stack.chunks.at(0).address; }
  static bool has_mark(const CapturedStack& stack) {
    const auto& bytes = stack.chunks.at(0).bytes;
    return memmem(bytes.data(), bytes.size(), &kMark, sizeof kMark) != nullptr;
  }

  std::size_t told_of_ = 0;

 private:
  const Told& told(Kind kind) const { return all_->threads[kind]; }

  void start_threads() {
    constexpr std::array kRoutines = {wait_with_mark, wait_deep_down, spin};
    for (std::size_t index = 0; index < kThreads; ++index) {
      pthread_t ignored{};
      Told& told = all_->threads[index];
      pthread_create(&ignored, nullptr, kRoutines[index], &told);
      while (told.tid == 0) usleep(1000);
    }
  }

  AllTold* all_ = new (mmap(nullptr, sizeof(AllTold), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0)) AllTold;
  const WaitingChild child_{[this] { start_threads(); }};

 protected:
  const int pid_ = child_.pid();
  const MemoryMap map_ = map_of(pid_);
};

TEST_F(ThreadStacks, of_a_thread_that_waits_has_what_is_on_its_stack) {
  const auto [stack, why_not] = read_one(thread(kMarked));
  EXPECT_EQ(why_not, "");
  EXPECT_TRUE(has_mark(stack));
  EXPECT_EQ(told_of_, 1U);
}

TEST_F(ThreadStacks, begin_with_the_red_zone_of_the_place_where_the_thread_is) {
  const auto reading = read_one(thread(kMarked));
  const auto& registers = reading.stack.registers;
  EXPECT_LE(begin_of(reading.stack), registers[REG_RSP] - 128);
  EXPECT_GT(begin_of(reading.stack) + 8, registers[REG_RSP] - 128);
  const Mapping* code = map_.find(registers[REG_RIP]);
  ASSERT_NE(code, nullptr);
  EXPECT_TRUE(code->executable);
}

TEST_F(ThreadStacks, end_with_the_mapping) {
  const auto reading = read_one(thread(kMarked));
  const StackChunk& chunk = reading.stack.chunks.at(0);
  EXPECT_EQ(chunk.address + chunk.bytes.size(), map_.find(chunk.address)->end);
  EXPECT_EQ(reading.stack.stack_end, chunk.address + chunk.bytes.size());
}

TEST_F(ThreadStacks, that_are_deep_are_cut) {
  const auto reading = read_one(thread(kDeepDown));
  EXPECT_THAT(reading.stack.chunks.at(0).bytes, SizeIs(kMaxThreadStackBytes));
  EXPECT_GT(reading.stack.stack_end, begin_of(reading.stack) + kDeep);
}

TEST_F(ThreadStacks, of_the_first_thread_are_read_too) {
  const auto reading = read_one(first_thread());
  EXPECT_EQ(map_.find(begin_of(reading.stack))->path, "[stack]");
}

TEST_F(ThreadStacks, have_the_anchors_of_the_thread) {
  ThreadToRead marked = thread(kMarked);
  marked.anchors.push_back({3, 0, 0x1000});
  EXPECT_THAT(read_one(marked).stack.anchors, SizeIs(1));
}

TEST_F(ThreadStacks, of_a_running_thread_are_left_out) {
  const auto reading = read_one(thread(kRuns));
  EXPECT_EQ(reading.why_not, kRunning);
  EXPECT_THAT(reading.stack.chunks, IsEmpty());
  EXPECT_EQ(told_of_, 0U);
}

TEST_F(ThreadStacks, of_a_running_thread_delay_no_other) {
  const auto readings = read({thread(kRuns), thread(kMarked)});
  EXPECT_EQ(readings.at(1).why_not, "");
  EXPECT_TRUE(has_mark(readings.at(1).stack));
}

TEST_F(ThreadStacks, of_a_thread_that_is_not_there_are_left_out) {
  EXPECT_EQ(read_one({getpid(), 0, {}}).why_not, "the thread has ended");
}

TEST_F(ThreadStacks, of_the_thread_that_waits_for_its_ack_are_not_read_again) {
  ThreadToRead marked = thread(kMarked);
  marked.is_writer = true;
  EXPECT_THAT(read_one(marked).why_not, HasSubstr("shown first"));
}

TEST_F(ThreadStacks, are_not_begun_after_the_deadline) {
  const auto readings = read({thread(kMarked), thread(kDeepDown)}, 0, std::chrono::seconds(0));
  EXPECT_THAT(readings, Each(Field(&ThreadReading::why_not, HasSubstr("no time left"))));
}

TEST_F(ThreadStacks, of_a_thread_without_a_number_are_found_by_its_ident) {
  ThreadToRead marked = thread(kMarked);
  marked.tid.reset();
  EXPECT_TRUE(has_mark(read_one(marked).stack));
}

TEST_F(ThreadStacks, of_a_thread_without_a_number_are_not_those_of_another) {
  EXPECT_THAT(read_one({std::nullopt, 8, {}}).why_not, HasSubstr("not known which"));
  EXPECT_THAT(read_one({std::nullopt, map_.mappings().front().start, {}}).why_not,
              HasSubstr("not known which"));
}

// Its numbers are the same here, but they are looked up.
TEST_F(ThreadStacks, in_another_pid_namespace_are_found_by_the_number_there) {
  constexpr int kOwnPid = 1;
  EXPECT_TRUE(has_mark(read_one(thread(kMarked), kOwnPid).stack));
  EXPECT_THAT(read_one({kOwnPid, 0, {}}, kOwnPid).stack.chunks, Not(IsEmpty()));
  EXPECT_THAT(read_one({getpid(), 0, {}}, kOwnPid).why_not, HasSubstr("not known which"));
}

// What the unit of systemd leaves to root.
TEST(ThreadStacksOfAnotherUser, are_read_with_the_right_to_trace_alone) {
  if (geteuid() != 0) GTEST_SKIP() << "a process of another user is needed";
  const WaitingChild child([] {
    ASSERT_EQ(setresuid(kNobody, kNobody, kNobody), 0);
    prctl(PR_SET_DUMPABLE, 1);
  });
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct all[_LINUX_CAPABILITY_U32S_3] = {};
  ASSERT_EQ(syscall(SYS_capget, &head, all), 0);
  __user_cap_data_struct few[_LINUX_CAPABILITY_U32S_3] = {all[0], all[1]};
  few[0].effective = 1U << CAP_SETUID | 1U << CAP_SYS_PTRACE;
  ASSERT_EQ(syscall(SYS_capset, &head, few), 0);
  const auto reading = read_first_thread(child.pid());
  ASSERT_EQ(syscall(SYS_capset, &head, all), 0);
  EXPECT_EQ(reading.why_not, "");
  EXPECT_EQ(geteuid(), 0U);
  EXPECT_EQ(prctl(PR_GET_DUMPABLE), 1);
}

TEST_F(ThreadStacks, without_the_right_to_read_them_are_left_out) {
  if (geteuid() != 0) GTEST_SKIP() << "a process of another user is needed";
  const pid_t reader = fork();
  if (reader == 0) {
    if (setresuid(kNobody, kNobody, kNobody) != 0) _exit(2);
    const auto readings = read({thread(kMarked), thread(kDeepDown)});
    const bool are_left_out = std::ranges::all_of(readings, [](const ThreadReading& reading) {
      return reading.why_not == "the watchdog has no right to read it";
    });
    _exit(are_left_out ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(reader, &status, 0), reader);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace pyfault::test

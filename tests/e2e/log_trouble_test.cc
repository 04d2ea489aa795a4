// The disk of the log becomes full, or the log's file or directory disappears: reports must be kept
// until they can be written, none may be torn, and the program must not be affected.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/e2e/both_ways.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

// SIGUSR1 makes it dump its stacks, and print a line when the watchdog has them; SIGUSR2 makes it
// crash.
constexpr char kDumpsWhenTold[] = R"(
import ctypes, signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGUSR2])
print("ready", flush=True)
while signal.sigwait([signal.SIGUSR1, signal.SIGUSR2]) == signal.SIGUSR1:
    assert ctypes.CDLL(None).pyfault_dump() == 0
    print("dumped", flush=True)
ctypes.memset(0, 1, 1)
)";

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

class LogTrouble : public BothWays {
 protected:
  fs::path log() const { return file("logs") / "log"; }
  Watchdog logging() const { return {GetParam(), log()}; }

  void SetUp() override { fs::create_directory(file("logs")); }

  void start() {
    program(kDumpsWhenTold);
    Launch launch{.command = logging().command({"program.py"}), .directory = file("")};
    launch.before_exec = [errors = file("errors").string()] {
      ::dup2(::open(errors.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), STDERR_FILENO);
    };
    child_ = std::make_unique<ChildProcess>(std::move(launch));
    child_->await("ready\n");
  }
  void dump() {
    child_->send(SIGUSR1);
    child_->await("dumped\n");
  }
  Ending crash() {
    child_->send(SIGUSR2);
    return child_->wait().ending;
  }

  std::string errors() const { return read_file(file("errors")); }
  void await_in(const fs::path& path, const std::string& text) const {
    for (int i = 0; i < 30'000; ++i) {
      if (fs::exists(path) && read_file(path).find(text) != std::string::npos) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    FAIL() << "waited too long for '" << text << "' in " << path;
  }
  void await_trouble() const { await_in(file("errors"), "reports are kept"); }

  std::vector<std::string> kinds() const {
    std::vector<std::string> kinds;
    for (const auto& event : logging().events()) kinds.push_back(event.at("event"));
    return kinds;
  }
  void expect_all_came(const std::string& late) const {
    EXPECT_THAT(kinds(),
                testing::IsSupersetOf({"start", "dump", "dump", "notice", "crash", "exit"}));
    EXPECT_EQ(logging().events("notice").at(0).at("message"), late + " were written late");
    EXPECT_EQ(count_of(errors(), "reports are kept"), 1U) << errors();
  }

  std::unique_ptr<ChildProcess> child_;
};
INSTANTIATE_TEST_SUITE_P(E2e, LogTrouble, testing::Values(interpreters().front()), parameter_name);

TEST_P(LogTrouble, a_deleted_log_is_created_anew) {
  start();
  dump();
  await_in(log(), "\"dump\"");
  fs::remove(log());
  EXPECT_EQ(crash(), killed_by(SIGSEGV));
  EXPECT_THAT(kinds(), testing::ElementsAre("crash", "exit"));
  EXPECT_EQ(errors(), "");
}

TEST_P(LogTrouble, a_rotated_log_goes_on_in_a_new_file) {
  start();
  dump();
  await_in(log(), "\"dump\"");
  fs::rename(log(), file("log.1"));
  EXPECT_EQ(crash(), killed_by(SIGSEGV));
  EXPECT_THAT(kinds(), testing::ElementsAre("crash", "exit"));
  EXPECT_THAT(read_file(file("log.1")), HasSubstr("\"dump\""));
}

TEST_P(LogTrouble, a_directory_that_goes_and_comes_back_costs_no_report) {
  start();
  await_in(log(), "\"start\"");
  fs::rename(file("logs"), file("gone"));
  dump();
  await_trouble();
  dump();
  fs::create_directory(file("logs"));
  await_in(log(), "were written late");
  EXPECT_EQ(crash(), killed_by(SIGSEGV));
  EXPECT_THAT(kinds(), testing::ElementsAre("dump", "dump", "notice", "crash", "exit"));
  EXPECT_THAT(errors(), HasSubstr("logs/log': No such file or directory; reports are kept"));
}

TEST_P(LogTrouble, a_directory_that_stays_away_holds_up_nothing_and_the_loss_is_counted) {
  start();
  await_in(log(), "\"start\"");
  fs::remove_all(file("logs"));
  EXPECT_EQ(crash(), killed_by(SIGSEGV));
  EXPECT_THAT(errors(), HasSubstr("2 reports could not be written\n"));
  EXPECT_EQ(count_of(errors(), "\n"), 2U) << errors();
}

// Simulates a full disk with a limit on the file size, which takes no privileges.
TEST_P(LogTrouble, a_file_that_may_not_grow_gets_every_report_whole_when_it_may) {
  start();
  await_in(log(), "\"start\"");
  const rlimit limit{fs::file_size(log()) + 10, RLIM_INFINITY};
  ASSERT_EQ(::prlimit(child_->pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
  dump();
  await_trouble();
  EXPECT_THAT(kinds(), testing::ElementsAre("start"));
  dump();
  const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(::prlimit(child_->pid(), RLIMIT_FSIZE, &none, nullptr), 0);
  await_in(log(), "were written late");
  EXPECT_EQ(crash(), killed_by(SIGSEGV));
  expect_all_came("2 reports");
}

class SmallDisk {
 public:
  explicit SmallDisk(fs::path point) : point_(std::move(point)) {
    mounted_ = ::mount("tmpfs", point_.c_str(), "tmpfs", 0, "size=64k") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(point_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  void fill() const {
    const UniqueFd fd(::open((point_ / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const std::array<char, 4096> page{};
    while (::write(fd.get(), page.data(), page.size()) > 0) {
    }
  }
  void clear() const { fs::remove(point_ / "filler"); }

 private:
  fs::path point_;
  bool mounted_ = false;
};

TEST_P(LogTrouble, a_full_disk_gets_every_report_whole_when_there_is_room) {
  const SmallDisk disk(file("logs"));
  if (!disk.mounted()) GTEST_SKIP() << "needs root's rights to mount a small disk";
  start();
  await_in(log(), "\"start\"");
  disk.fill();
  for (int i = 0; i < 10; ++i) dump();  // more than fits into the rest of the file's last page
  await_trouble();
  for (const std::string& kind : kinds()) EXPECT_THAT(kind, testing::AnyOf("start", "dump"));
  disk.clear();
  await_in(log(), "were written late");
  EXPECT_EQ(crash(), killed_by(SIGSEGV));
  EXPECT_EQ(logging().events("dump").size(), 10U);
  EXPECT_EQ(logging().events("crash").size(), 1U);
  EXPECT_EQ(count_of(errors(), "reports are kept"), 1U) << errors();
}

TEST_P(LogTrouble, a_pipe_that_is_full_delays_no_ack_and_gets_every_report) {
  ASSERT_EQ(::mkfifo(log().c_str(), 0600), 0);
  const UniqueFd reader(::open(log().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  UniqueFd filler(::open(log().c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
  while (::write(filler.get(), "\n", 1) == 1) {
  }
  filler.reset();
  start();
  for (int i = 0; i < 5; ++i) dump();
  ::fcntl(reader.get(), F_SETFL, 0);
  std::string all;
  std::thread read_all([&] {
    std::array<char, 65536> bytes{};
    for (ssize_t n = 1; (n = ::read(reader.get(), bytes.data(), bytes.size())) > 0;) {
      all.append(bytes.data(), static_cast<std::size_t>(n));
    }
  });
  EXPECT_EQ(crash(), killed_by(SIGSEGV));
  read_all.join();
  EXPECT_EQ(count_of(all, "\"event\":\"dump\""), 5U);
  EXPECT_EQ(count_of(all, "\"event\":\"crash\""), 1U);
}

}  // namespace
}  // namespace pyfault::test

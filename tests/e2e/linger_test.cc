// A daemon that the program leaves behind must stay watched, and the caller of the program must not
// have to wait for it.
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// The program exits with 3. Its daemon has closed everything, and crashes when it is told to.
constexpr char kDaemon[] = R"(
import ctypes, os, sys, time
def daemon():
    os.setsid()
    if os.fork():
        os._exit(0)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    os.closerange(3, 1000)
    with open("address", "w") as file:
        file.write(os.environ["PYFAULT_SOCKET"])
    with open("new", "w") as file:
        file.write(str(os.getpid()))
    os.rename("new", "pid")
    while not os.path.exists("go"):
        time.sleep(0.02)
    ctypes.memset(0, 1, 1)
if os.fork() == 0:
    daemon()
while not os.path.exists("pid"):
    time.sleep(0.02)
sys.exit(3)
)";

class Linger : public testing::Test {
 protected:
  ~Linger() override {
    if (!std::filesystem::exists(directory_.path() / "pid")) return;
    ::kill(number_in("pid"), SIGKILL);
  }
  Outcome run_program(const std::string& code, std::vector<std::string> options = {}) {
    write_file(directory_.path() / "program.py", code);
    std::vector<std::string> command = {watchdog_path()};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {"--python", interpreters().front().path, "--exec",
                                   directory_.path() / "program.py"});
    return run({.command = command, .directory = directory_.path()});
  }
  std::vector<std::string> with_log() const {
    return {"--log", directory_.path() / "log", "--log-format", "json"};
  }
  void let_it_crash() const { write_file(directory_.path() / "go", ""); }
  template <typename Condition>
  bool comes(Condition condition) const {
    for (int look = 0; look < 30'000; ++look) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }
  bool logs(const std::string& kind) const {
    return comes([&] { return !watchdog_.events(kind).empty(); });
  }
  int number_in(const std::string& name) const {
    const std::string text = read_file(directory_.path() / name);
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }
  // The pid of the watchdog that stays behind.
  int behind() const { return watchdog_.events("notice").front()["process"]["pid"]; }
  bool has_gone(int pid) const {
    return comes([&] { return ::kill(pid, 0) != 0 && errno == ESRCH; });
  }

  TempDirectory directory_;
  Watchdog watchdog_{interpreters().front(), directory_.path() / "log"};
};

TEST_F(Linger, a_daemon_that_crashes_after_the_programs_end_is_reported) {
  EXPECT_EQ(run_program(kDaemon, with_log()).ending, exited(3));
  ASSERT_TRUE(logs("notice"));
  EXPECT_THAT(watchdog_.events("notice").front()["message"],
              HasSubstr("1 process that it has left behind is watched"));
  let_it_crash();
  ASSERT_TRUE(logs("crash"));
  EXPECT_EQ(watchdog_.events("crash").front()["process"]["pid"], number_in("pid"));
  EXPECT_TRUE(has_gone(behind()));
}

TEST_F(Linger, not_when_it_is_told_not_to) {
  auto options = with_log();
  options.emplace_back("--no-linger");
  EXPECT_EQ(run_program(kDaemon, options).ending, exited(3));
  let_it_crash();
  EXPECT_TRUE(has_gone(number_in("pid")));
  EXPECT_TRUE(watchdog_.events("notice").empty());
  EXPECT_TRUE(watchdog_.events("crash").empty());
}

// run_program() reads stderr to its end, as shells and subprocess.run() do.
TEST_F(Linger, nobody_who_reads_stderr_has_to_wait_and_he_is_told_what_he_misses) {
  const Outcome outcome = run_program(kDaemon);
  EXPECT_EQ(outcome.ending, exited(3));
  EXPECT_THAT(outcome.err, HasSubstr("no longer watched"));
  EXPECT_THAT(outcome.err, HasSubstr("--log"));
}

TEST_F(Linger, a_helper_that_ends_soon_is_not_worth_a_word) {
  run_program("import os, time\nif os.fork() == 0:\n    time.sleep(0.3)\n", with_log());
  std::this_thread::sleep_for(std::chrono::seconds(4));
  EXPECT_TRUE(watchdog_.events("notice").empty()) << watchdog_.report();
}

TEST_F(Linger, the_one_that_stays_ends_when_it_is_asked_to) {
  run_program(kDaemon, with_log());
  ASSERT_TRUE(logs("notice"));
  ::kill(behind(), SIGTERM);
  EXPECT_TRUE(has_gone(behind()));
  EXPECT_EQ(::kill(number_in("pid"), 0), 0);
}

TEST_F(Linger, nobody_can_take_its_address_meanwhile) {
  run_program(kDaemon, with_log());
  const std::string address = read_file(directory_.path() / "address");
  const UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path + 1, address.data() + 1, address.size() - 1);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), size), -1);
  EXPECT_EQ(errno, EADDRINUSE);
}

}  // namespace
}  // namespace pyfault::test

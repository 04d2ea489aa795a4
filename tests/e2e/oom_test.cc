// In a full memory cgroup the kernel kills the program, and the exit event must say that memory ran
// out.
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "tests/e2e/both_ways.h"
#include "tests/support/files.h"
#include "watchdog/supervise/memory_cgroup.h"

namespace pyfault::test {
namespace {

namespace fs = std::filesystem;

constexpr char kLimit[] = "100663296";  // 96 MiB

// A memory cgroup of the test's own, at the top of the mounted hierarchy.
class SmallCgroup {
 public:
  SmallCgroup() {
    const std::string mounts = read_file("/proc/self/mountinfo");
    for (const bool unified : {false, true}) {
      const fs::path top = folder_of({unified, "/"}, mounts);
      if (!top.empty() && make(top / ("pyfault-test-" + std::to_string(::getpid())), unified))
        return;
    }
  }
  ~SmallCgroup() {
    std::error_code busy;
    for (int i = 0; i < 100 && made() && !fs::remove(folder_, busy); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  SmallCgroup(const SmallCgroup&) = delete;
  SmallCgroup& operator=(const SmallCgroup&) = delete;

  bool made() const { return !folder_.empty(); }

  // Moves the calling process into the cgroup; to be used as Launch::before_exec.
  void enter() const {
    if (made()) put("cgroup.procs", std::to_string(::getpid()));
  }

 private:
  bool make(const fs::path& folder, bool unified) {
    std::error_code forbidden;
    if (!fs::create_directory(folder, forbidden)) return false;
    folder_ = folder;
    if (put(unified ? "memory.max" : "memory.limit_in_bytes", kLimit)) {
      put(unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes", unified ? "0" : kLimit);
      return true;
    }
    fs::remove(folder_, forbidden);
    folder_.clear();
    return false;
  }
  bool put(const char* name, const std::string& value) const {
    if (!fs::exists(folder_ / name)) return false;
    std::ofstream file(folder_ / name);
    file << value << std::flush;
    return file.good();
  }

  fs::path folder_;
};

class Oom : public BothWays {
 protected:
  nlohmann::json exit_of(std::string_view code) const {
    program(code);
    Launch launch = watched();
    launch.before_exec = [this] { cgroup_.enter(); };
    EXPECT_EQ(run(std::move(launch)).ending, killed_by(SIGKILL));
    const auto exits = watchdog().events("exit");
    return exits.empty() ? nlohmann::json{{"reason", "no exit event"}} : exits[0];
  }

  SmallCgroup cgroup_;
};
INSTANTIATE_TEST_SUITE_P(E2e, Oom, testing::Values(interpreters().front()), parameter_name);

TEST_P(Oom, a_kill_for_want_of_memory_is_called_one) {
  if (!cgroup_.made()) GTEST_SKIP() << "needs root's rights to make a memory cgroup";
  const auto exit = exit_of("kept = [bytearray(1 << 20) for _ in range(1000)]");
  EXPECT_EQ(exit.at("reason"), "oom-killed");
  EXPECT_EQ(exit.at("exit").at("signal"), "SIGKILL");
  EXPECT_EQ(exit.at("crash"), nullptr);
}

TEST_P(Oom, a_kill_by_hand_is_not) {
  const auto exit = exit_of("import os, signal; os.kill(os.getpid(), signal.SIGKILL)");
  EXPECT_EQ(exit.at("reason"), "signaled");
}

}  // namespace
}  // namespace pyfault::test

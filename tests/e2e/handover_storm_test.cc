// Many crashes while the watchdog is killed again and again: each crash must be reported exactly
// once or be counted as lost.
#include <gmock/gmock.h>

#include <chrono>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "tests/e2e/handover_fixture.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

using nlohmann::json;

constexpr int kKills = 100;
constexpr std::size_t kWorkers = 2;

// Crashes forked children and executed programs until told to stop, and then writes down their
// pids.
constexpr char kStorm[] = R"py(
import ctypes, os, subprocess, sys, time
name, deaths = sys.argv[1], []
while not os.path.exists("enough"):
    children = []
    for _ in range(3):
        child = os.fork()
        if child == 0:
            ctypes.memset(0, 1, 1)
        children.append(child)
    code = "import ctypes; ctypes.memset(0, 1, 1)"
    children.append(subprocess.Popen([sys.executable, "-c", code]).pid)
    deaths += [child for child in children if os.WIFSIGNALED(os.waitpid(child, 0)[1])]
    time.sleep(0.02)
with open("new" + name, "w") as file:
    print(*deaths, file=file)
os.rename("new" + name, "deaths" + name)
)py";

class Storm : public HandoverFixture {
 protected:
  void start_storm() {
    script("storm", kStorm);
    config("[defaults]\nrestart = \"no\"\n[[worker]]\nname = \"storm\"\ninstances = " +
           std::to_string(kWorkers) + "\ncommand = [\"storm.py\", \"{instance}\"]\n");
    start_watchdog();
    await("start", kWorkers);
  }
  void kill_at_random() {
    std::uniform_int_distribution<int> milliseconds(5, 150);
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds(random_)));
    kill_watchdog();
  }
  std::multiset<int> deaths() const {
    std::multiset<int> all;
    for (std::size_t worker = 1; worker <= kWorkers; ++worker) {
      std::istringstream pids(await_file("deaths" + std::to_string(worker)));
      for (int pid = 0; pids >> pid;) all.insert(pid);
    }
    return all;
  }
  // The sum of the numbers that notices give before these words.
  std::size_t count(const std::string& words) const {
    const std::regex counted("(\\d+) (" + words + ")");
    std::size_t sum = 0;
    for (const json& notice : events("notice")) {
      std::smatch found;
      const std::string message = notice["message"];
      if (std::regex_search(message, found, counted)) sum += std::stoul(found[1]);
    }
    return sum;
  }

  std::mt19937 random_{20261130};
};

TEST_F(Storm, each_crash_is_reported_once_or_counted_as_lost) {
  start_storm();
  for (int kill = 0; kill < kKills; ++kill) {
    kill_at_random();
    start_another();
  }
  write_file(file("enough"), "");
  std::multiset<int> unexplained = deaths();
  await("exit", kWorkers);
  stop();
  wait();
  for (const json& crash : events("crash")) {
    const auto death = unexplained.find(crash["process"]["pid"].get<int>());
    if (death == unexplained.end()) ADD_FAILURE() << "reported twice: " << crash["process"];
    if (death != unexplained.end()) unexplained.erase(death);
  }
  const std::size_t lost = count("crash records were lost|reports? (was|were) lost");
  const std::size_t perhaps_lost = count("dead process");
  EXPECT_GE(unexplained.size(), lost) << testing::PrintToString(unexplained);
  EXPECT_LE(unexplained.size(), lost + perhaps_lost) << testing::PrintToString(unexplained);
}

}  // namespace
}  // namespace pyfault::test

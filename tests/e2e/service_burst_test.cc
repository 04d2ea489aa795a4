// Many processes at once, and a watchdog that is slow to handle them: none may go unwatched.
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <set>

#include "tests/e2e/service_fixture.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

using nlohmann::json;

class Burst : public ServiceTest {
 protected:
  static constexpr std::size_t kWorkers = 30;

  void many_workers(std::string_view code) {
    script("worker", code);
    config("[[worker]]\nname = \"many\"\ninstances = " + std::to_string(kWorkers) +
           "\ncommand = [\"worker.py\"]\nrestart = \"no\"\n");
  }
  // Every exit event must refer to a crash, and no two of them to the same one.
  void expect_a_crash_for_each_end() {
    std::set<std::string> named;
    for (const json& exit : await("exit", kWorkers)) {
      if (exit["crash"].is_string()) named.insert(exit["crash"].get<std::string>());
    }
    EXPECT_EQ(named.size(), kWorkers);
    EXPECT_EQ(events("crash").size(), kWorkers);
  }
};

TEST_F(Burst, of_workers_that_crash_as_soon_as_they_start) {
  many_workers("import ctypes; ctypes.memset(0, 1, 1)");
  start();
  expect_a_crash_for_each_end();
}

// The new programs attach and crash while the watchdog is stopped.
TEST_F(Burst, of_programs_that_start_and_crash_while_the_watchdog_is_stopped) {
  script("crashes", "import ctypes; ctypes.memset(0, 1, 1)");
  many_workers(R"(
import os, sys, time
print("waiting", flush=True)
while not os.path.exists("go"):
    time.sleep(0.05)
os.execv(sys.executable, [sys.executable, "crashes.py"])
)");
  start();
  const auto workers = await("ready", kWorkers);
  service().suspend();
  write_file(file("go"), "");
  await_that("the workers' death", [&] {
    return std::ranges::none_of(
        workers, [](const json& worker) { return is_alive(worker["process"]["pid"]); });
  });
  service().send(SIGCONT);
  expect_a_crash_for_each_end();
}

}  // namespace
}  // namespace pyfault::test

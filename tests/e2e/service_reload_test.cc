// Mistakes in the configuration of a service, and what a new configuration changes.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>

#include "tests/e2e/service_fixture.h"
#include "tests/e2e/service_workers.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST_F(ServiceTest, all_mistakes_are_told_at_once_and_nothing_is_started) {
  script("worker", kServes);
  config(
      "[[worker]]\nname = \"web\"\ncommand = [\"no-such-program\"]\nrestrat = \"no\"\n"
      "user = \"no-such-user\"\n");
  start();
  const Outcome outcome = wait();
  EXPECT_EQ(outcome.ending, exited(125));
  EXPECT_THAT(outcome.err, HasSubstr("service.toml:3: cannot run 'no-such-program': not found"));
  EXPECT_THAT(outcome.err, HasSubstr("service.toml:4: a worker has no key 'restrat'; did you mean "
                                     "'restart'?"));
  EXPECT_THAT(outcome.err, HasSubstr("service.toml:5: there is no user 'no-such-user'"));
}

class Reload : public ServiceTest {
 protected:
  void two_workers(const std::string& more = "") const {
    config(
        "[[worker]]\nname = \"a\"\ncommand = [\"worker.py\"]\n"
        "[[worker]]\nname = \"b\"\ncommand = [\"worker.py\"]\n" +
        more);
  }

  void start_two() {
    script("worker", kServes);
    two_workers();
    start();
    await("ready", 2);
  }

  // Waits for a notice that contains `word`.
  void await_word(const std::string& word) {
    await_that(word.c_str(), [&] {
      const auto notices = events("notice");
      return std::ranges::any_of(notices, [&](const json& notice) {
        return notice["message"].get<std::string>().find(word) != std::string::npos;
      });
    });
  }
};

TEST_F(Reload, of_a_file_that_nobody_can_read_yet_holds_up_nobody) {
  start_two();
  std::filesystem::remove(file("service.toml"));
  ASSERT_EQ(::mkfifo(file("service.toml").c_str(), 0644), 0);
  reload();
  EXPECT_EQ(ctl({"restart", "a"}).ending, exited(0));
  EXPECT_EQ(events("notice").size(), 0U);
  two_workers("environment = { NEW = \"1\" }\n");  // goes to the reader of the FIFO
  await_word("configuration reloaded");
  await("ready", 2, "b");
}

TEST_F(Reload, replaces_workers_in_their_new_start_order) {
  script("worker", kServes);
  script("slow", R"(
import signal, sys, time
def stop(*_):
    time.sleep(0.5)
    sys.exit()
signal.signal(signal.SIGTERM, stop)
print("slow serves", flush=True)
while True:
    signal.pause()
)");
  const auto in_order = [&](const char* quick, const char* slow) {
    config(std::string("[[worker]]\nname = \"quick\"\ncommand = [\"worker.py\"]\n") + quick +
           "[[worker]]\nname = \"slow\"\ncommand = [\"slow.py\"]\n" + slow);
  };
  in_order("start_order = 1\n", "start_order = 2\n");
  start();
  service().await("slow serves");
  in_order("start_order = 2\nenvironment = { NEW = \"1\" }\n",
           "start_order = 1\nenvironment = { NEW = \"1\" }\n");
  reload();
  EXPECT_GE(await("start", 2, "quick")[1]["time"], await("ready", 1, "slow")[0]["time"]);
}

TEST_F(Reload, restarts_what_has_changed_and_nothing_else) {
  start_two();
  two_workers("environment = { NEW = \"1\" }\n");
  reload();
  await("start", 2, "b");
  EXPECT_EQ(events("exit", "b").front()["reason"], "stopped");
  EXPECT_EQ(events("start", "a").size(), 1u);
  EXPECT_TRUE(events("exit", "a").empty());
}

TEST_F(Reload, starts_what_is_new_and_stops_what_is_gone) {
  start_two();
  config(
      "[[worker]]\nname = \"b\"\ncommand = [\"worker.py\"]\n"
      "[[worker]]\nname = \"c\"\ncommand = [\"worker.py\"]\n");
  reload();
  await("exit", 1, "a");
  await("start", 1, "c");
  EXPECT_TRUE(events("exit", "b").empty());
}

TEST_F(Reload, brings_back_what_it_has_just_dismissed) {
  start_two();
  config("[[worker]]\nname = \"a\"\ncommand = [\"worker.py\"]\n");
  reload();
  await_word("configuration reloaded");
  two_workers();
  reload();
  await("start", 2, "b");
  EXPECT_TRUE(events("exit", "a").empty());
}

TEST_F(Reload, takes_settings_that_need_no_restart) {
  start_two();
  two_workers("restart = \"no\"\n");
  reload();
  await_word("configuration reloaded");
  ::kill(events("start", "b").front()["process"]["pid"], SIGKILL);
  EXPECT_EQ(await("exit", 1, "b").front()["after"]["decision"], "stay-down");
}

TEST_F(Reload, of_a_broken_file_keeps_the_old_configuration_and_says_so) {
  start_two();
  config("[[worker]\nname = 3\n");
  reload();
  await_word("service.toml:1: ");
  await_word("the configuration that is in use stays");
  EXPECT_TRUE(events("exit").empty());
}

TEST_F(Reload, gives_a_service_without_workers_its_first) {
  config("");
  start();
  await_word("there is no worker; add a [[worker]]");
  script("a", kServes);
  config("[[worker]]\nname = \"a\"\ncommand = [\"a.py\"]\n");
  reload();
  await("start", 1, "a");
}

}  // namespace
}  // namespace pyfault::test

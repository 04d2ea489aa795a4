#include "watchdog/service/worker_program.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "watchdog/start_error.h"

namespace pyfault {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class WorkerProgram : public testing::Test {
 protected:
  WorkerProgram() {
    worker_.name = "web";
    worker_.command = {"sh", "-c", "true"};
  }

  SpawnPlan plan() const {
    return plan_worker(worker_, surroundings_, sockets_, resolve_run_as(worker_));
  }
  std::string problem(MachineChecks::Check MachineChecks::*check) const {
    const MachineChecks checks = machine_checks(surroundings_);
    return (checks.*check)(worker_);
  }

  const std::array<const char*, 8> environment_ = {
      "PATH=/usr/bin:/bin", "COLOR=red",        "NOTIFY_SOCKET=/run/ours",     "LISTEN_FDS=2",
      "JOURNAL_STREAM=8:9", "INVOCATION_ID=1f", "RUNTIME_DIRECTORY=/run/ours", nullptr};
  WorkerSurroundings surroundings_{"/bin/sh", "/agent.so", environment_.data(), {}};
  WorkerSockets sockets_{"@agent", ""};
  WorkerConfig worker_;
};

TEST_F(WorkerProgram, is_found_and_led_into_a_session_of_its_own) {
  EXPECT_THAT(plan().program.candidates, ElementsAre("/usr/bin/sh", "/bin/sh"));
  EXPECT_THAT(plan().command.argv, ElementsAre("sh", "-c", "true"));
  EXPECT_TRUE(plan().own_session);
}

TEST_F(WorkerProgram, a_script_gets_the_interpreter_of_the_worker_or_of_the_service) {
  worker_.command = {"-m", "shop"};
  EXPECT_THAT(plan().command.argv, ElementsAre("/bin/sh", "-m", "shop"));
  worker_.python = "/usr/bin/env";
  EXPECT_THAT(plan().command.argv, ElementsAre("/usr/bin/env", "-m", "shop"));
}

TEST_F(WorkerProgram, has_our_environment_the_agent_and_what_is_configured) {
  worker_.environment = {{"COLOR", "blue"}, {"MORE", "1"}};
  EXPECT_THAT(plan().environment,
              testing::UnorderedElementsAre("PATH=/usr/bin:/bin", "COLOR=blue", "MORE=1",
                                            "LD_PRELOAD=/agent.so", "PYFAULT_SOCKET=@agent"));
}

TEST_F(WorkerProgram, never_speaks_to_the_service_manager_in_our_name) {
  EXPECT_THAT(plan().environment, Not(Contains(StartsWith("NOTIFY_SOCKET"))));
  sockets_.notify = "@notify";
  EXPECT_THAT(plan().environment, Contains("NOTIFY_SOCKET=@notify"));
}

TEST_F(WorkerProgram, is_looked_for_on_its_own_path) {
  worker_.environment = {{"PATH", "/nonexistent"}};
  EXPECT_THAT(plan().program.candidates, ElementsAre("/nonexistent/sh"));
  EXPECT_THAT(problem(&MachineChecks::program), HasSubstr("'sh': not found on PATH"));
}

TEST_F(WorkerProgram, a_missing_directory_is_told) {
  worker_.directory = "/nonexistent";
  EXPECT_THAT(problem(&MachineChecks::directory), HasSubstr("No such file or directory"));
  worker_.directory = "relative";
  EXPECT_THAT(problem(&MachineChecks::directory), HasSubstr("does not begin with /"));
  worker_.directory = "/bin/sh";
  EXPECT_THAT(problem(&MachineChecks::directory), HasSubstr("is none"));
  worker_.directory = "/usr";
  EXPECT_EQ(problem(&MachineChecks::directory), "");
}

TEST_F(WorkerProgram, a_missing_user_or_group_is_told) {
  worker_.user = "no-such-user-here";
  EXPECT_EQ(problem(&MachineChecks::identity),
            "there is no user 'no-such-user-here' on this machine");
  EXPECT_THROW(plan(), StartError);
  worker_.user.clear();
  worker_.group = "no-such-group-here";
  EXPECT_THAT(problem(&MachineChecks::identity), HasSubstr("there is no group"));
}

TEST_F(WorkerProgram, a_user_brings_a_home_and_a_name) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root's rights to run a worker as somebody else";
  worker_.user = "nobody";
  worker_.environment = {{"SHELL", "/bin/mine"}};
  EXPECT_EQ(plan().identity->uid, 65534u);
  EXPECT_THAT(plan().environment, Contains("USER=nobody"));
  EXPECT_THAT(plan().environment, Contains("SHELL=/bin/mine"));
}

}  // namespace
}  // namespace pyfault

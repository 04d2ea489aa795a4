#include "watchdog/ingest/process_family.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <optional>
#include <vector>

#include "tests/unit/enrich/waiting_child.h"
#include "tests/unit/ingest/event_log.h"
#include "watchdog/enrich/process_info.h"

namespace pyfault {
namespace {

using test::WaitingChild;

constexpr int kForeignPid = 5;
constexpr uid_t kStranger = 4321;

SavedFamily attached(int pid, int own_pid, uid_t uid = geteuid()) {
  Process process = *read_process(pid);
  process.command = {"unit_ingest"};
  return {{own_pid, uid, std::move(process)}, start_ticks(pid), true, {}};
}

class ProcessFamilyTest : public ::testing::Test {
 protected:
  ProcessFamily& family_of(int own_pid) {
    return family_.emplace(
        log_.io, attached(parent_.pid(), own_pid),
        [this](int pid) {
          ends_.push_back(family_->end_of(pid));
          family_->forget(pid);
        },
        others_);
  }
  void wait_for_exits(std::size_t count) {
    log_.run_until([&] { return ends_.size() >= count; });
  }

  test::EventLog log_;
  std::shared_ptr<AttachedProcesses> others_ = std::make_shared<AttachedProcesses>();
  WaitingChild parent_;
  WaitingChild child_;
  std::optional<ProcessFamily> family_;
  std::vector<ProcessFamily::End> ends_;
};

TEST_F(ProcessFamilyTest, hears_of_the_attached_processs_death) {
  ProcessFamily& family = family_of(parent_.pid());
  EXPECT_FALSE(family.all_dead());
  parent_.die();
  wait_for_exits(1);
  EXPECT_TRUE(family.all_dead());
}

TEST_F(ProcessFamilyTest, hears_of_a_childs_death) {
  ProcessFamily& family = family_of(parent_.pid());
  EXPECT_TRUE(family.watch(child_.pid()));
  child_.die();
  wait_for_exits(1);
  EXPECT_FALSE(family.all_dead());
}

TEST_F(ProcessFamilyTest, tells_how_a_member_ended) {
  ProcessFamily& family = family_of(parent_.pid());
  family.watch(child_.pid());
  kill(child_.pid(), SIGKILL);
  wait_for_exits(1);
  EXPECT_EQ(ends_[0].wait_status, SIGKILL);
  EXPECT_EQ(ends_[0].process.pid, child_.pid());
  EXPECT_EQ(ends_[0].process.ppid, getpid());
  EXPECT_GE(ends_[0].uptime_seconds, 0);
  EXPECT_LT(ends_[0].uptime_seconds, 600);
}

TEST_F(ProcessFamilyTest, knows_a_dead_child_before_the_loop_does) {
  ProcessFamily& family = family_of(parent_.pid());
  family.watch(child_.pid());
  child_.die();
  EXPECT_FALSE(family.watch(child_.pid()));
}

TEST_F(ProcessFamilyTest, a_process_that_is_gone_is_dead) {
  child_.die();
  ProcessFamily& family = family_of(parent_.pid());
  EXPECT_FALSE(family.watch(child_.pid()));
}

TEST_F(ProcessFamilyTest, an_older_process_is_not_adopted) {
  ProcessFamily& family = family_of(parent_.pid());
  EXPECT_TRUE(family.watch(1));
  EXPECT_EQ(family.living_pid(1), std::nullopt);
  parent_.die();
  wait_for_exits(1);
  EXPECT_TRUE(family.all_dead());
}

TEST_F(ProcessFamilyTest, another_users_process_is_not_adopted) {
  ProcessFamily family(
      log_.io, attached(parent_.pid(), parent_.pid(), kStranger), [](int) {}, others_);
  family.watch(child_.pid());
  EXPECT_EQ(family.living_pid(child_.pid()), std::nullopt);
  EXPECT_THAT(family.describe(child_.pid()).name, "unit_ingest");
}

TEST_F(ProcessFamilyTest, nonsense_is_no_process) {
  ProcessFamily& family = family_of(parent_.pid());
  family.watch(0);
  family.watch(-1);
  EXPECT_EQ(family.living_pid(0), std::nullopt);
}

TEST_F(ProcessFamilyTest, in_another_namespace_the_attached_process_is_translated) {
  ProcessFamily& family = family_of(kForeignPid);
  EXPECT_EQ(family.living_pid(kForeignPid), parent_.pid());
  EXPECT_EQ(family.describe(kForeignPid).pid, parent_.pid());
}

TEST_F(ProcessFamilyTest, in_another_namespace_our_pids_mean_nothing) {
  ProcessFamily& family = family_of(kForeignPid);
  EXPECT_TRUE(family.watch(child_.pid()));
  EXPECT_EQ(family.living_pid(child_.pid()), std::nullopt);
}

TEST_F(ProcessFamilyTest, the_dead_are_described_as_they_attached) {
  ProcessFamily& family = family_of(parent_.pid());
  const Process alive = family.describe(parent_.pid());
  parent_.die();
  const Process dead = family.describe(parent_.pid());
  EXPECT_EQ(dead.pid, alive.pid);
  EXPECT_EQ(dead.ppid, getpid());
  EXPECT_EQ(dead.command, alive.command);
}

TEST_F(ProcessFamilyTest, a_dead_child_is_described_as_the_process_that_forked_it) {
  ProcessFamily& family = family_of(parent_.pid());
  child_.die();
  const Process dead = family.describe(child_.pid());
  EXPECT_EQ(dead.pid, child_.pid());
  EXPECT_EQ(dead.ppid, 0);
  EXPECT_EQ(dead.name, "unit_ingest");
  EXPECT_THAT(dead.command, ::testing::Not(::testing::IsEmpty()));
}

TEST_F(ProcessFamilyTest, a_forgotten_process_is_not_waited_for) {
  ProcessFamily& family = family_of(parent_.pid());
  family.forget(parent_.pid());
  EXPECT_TRUE(family.all_dead());
}

}  // namespace
}  // namespace pyfault

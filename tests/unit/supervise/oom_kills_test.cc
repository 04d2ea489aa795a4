// With a made-up /proc and /sys: a death counts as an OOM kill only if the kernel's count has
// risen.
#include "watchdog/supervise/oom_kills.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "tests/unit/supervise/temporary_files.h"

namespace pyfault {
namespace {

constexpr pid_t kWatched = 100;

class OomKillsTest : public testing::Test {
 protected:
  OomKillsTest() {
    put("/proc/self/mountinfo",
        "35 24 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
        "40 32 0:34 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  }

  void put(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories(
        std::filesystem::path(files_.directory() + path).parent_path());
    std::ofstream(files_.directory() + path) << text;
  }
  void is_in(const std::string& cgroup) const { put("/proc/100/cgroup", cgroup); }
  void v2_count(const std::string& count, const std::string& file = "memory.events") const {
    put("/sys/fs/cgroup/web/" + file, "low 0\noom 3\noom_kill " + count + "\noom_group_kill 0\n");
  }
  void v1_count(const std::string& count) const {
    put("/sys/fs/cgroup/memory/web/memory.oom_control", "under_oom 0\noom_kill " + count + "\n");
  }
  static bool is_readable(const UniqueFd& fd) {
    pollfd one{fd.get(), POLLIN, 0};
    return ::poll(&one, 1, 0) == 1;
  }
  void is_dying() const { put("/proc/100/stat", "100 (python3) R 1 1 1 0 -1 4194308 0\n"); }
  OomKills watch() const { return OomKills(kWatched, files_.directory()); }

  TemporaryFiles files_;
};

TEST_F(OomKillsTest, a_count_that_rose_is_a_kill) {
  is_in("0::/web\n");
  v2_count("4");
  const OomKills kills = watch();
  EXPECT_FALSE(kills.rose(kWatched));
  v2_count("5");
  EXPECT_TRUE(kills.rose(kWatched));
}

TEST_F(OomKillsTest, a_cgroup_is_watched_before_anybody_is_in_it) {
  v2_count("0");
  const OomKills kills(MemoryCgroup{true, "/web"}, files_.directory());
  is_in("0::/web\n");
  v2_count("1");
  EXPECT_TRUE(kills.rose(kWatched));
}

TEST_F(OomKillsTest, a_kill_that_is_explained_is_not_counted_again) {
  is_in("0::/web\n");
  v2_count("4");
  OomKills kills = watch();
  v2_count("5");
  kills.reset_baseline();
  EXPECT_FALSE(kills.rose(kWatched));
  v2_count("6");
  EXPECT_TRUE(kills.rose(kWatched));
}

TEST_F(OomKillsTest, v1_counts_too) {
  is_in("4:memory:/web\n0::/\n");
  v1_count("0");
  const OomKills kills = watch();
  is_in("4:memory:/\n0::/\n");  // this is how v1 shows a zombie
  EXPECT_FALSE(kills.rose(kWatched));
  v1_count("1");
  EXPECT_TRUE(kills.rose(kWatched));
}

TEST_F(OomKillsTest, a_child_cgroups_kill_is_not_ours) {
  is_in("0::/web\n");
  v2_count("0", "memory.events.local");
  v2_count("0");
  const OomKills kills = watch();
  v2_count("1");
  EXPECT_FALSE(kills.rose(kWatched));
}

TEST_F(OomKillsTest, of_a_process_that_has_moved_nothing_is_known) {
  is_in("0::/web\n");
  v2_count("0");
  const OomKills kills = watch();
  v2_count("1");
  is_in("0::/elsewhere\n");
  EXPECT_FALSE(kills.rose(kWatched));
}

TEST_F(OomKillsTest, a_kill_that_the_program_outlived_was_anothers) {
  is_in("0::/web\n");
  v2_count("0");
  OomKills kills = watch();
  v2_count("1");
  EXPECT_TRUE(kills.settle(kWatched));
  EXPECT_TRUE(kills.rose(kWatched));
  EXPECT_FALSE(kills.settle(kWatched));
  EXPECT_FALSE(kills.rose(kWatched));
  v2_count("2");
  EXPECT_TRUE(kills.rose(kWatched));
}

TEST_F(OomKillsTest, a_kill_is_not_taken_for_anothers_while_the_program_takes_long_to_die) {
  is_in("0::/web\n");
  v2_count("0");
  OomKills kills = watch();
  v2_count("1");
  is_dying();
  for (int times = 0; times < 3; ++times) EXPECT_TRUE(kills.settle(kWatched));
  EXPECT_TRUE(kills.rose(kWatched));
}

TEST_F(OomKillsTest, without_a_kill_there_is_nothing_to_settle) {
  is_in("0::/web\n");
  v2_count("1");
  OomKills kills = watch();
  EXPECT_FALSE(kills.settle(kWatched));
  std::filesystem::remove_all(files_.directory() + "/sys");
  EXPECT_FALSE(kills.settle(kWatched));
}

TEST_F(OomKillsTest, a_change_of_the_count_is_seen) {
  is_in("0::/web\n");
  v2_count("0");
  const UniqueFd changes = watch().changes();
  ASSERT_TRUE(changes);
  EXPECT_FALSE(is_readable(changes));
  v2_count("1");
  EXPECT_TRUE(is_readable(changes));
}

TEST_F(OomKillsTest, where_the_count_is_unknown_or_silent_nobody_is_woken_for_it) {
  EXPECT_FALSE(watch().changes());
  is_in("4:memory:/web\n0::/\n");
  v1_count("0");
  EXPECT_FALSE(watch().changes());
}

TEST_F(OomKillsTest, what_cannot_be_read_is_no_kill) {
  EXPECT_FALSE(watch().rose(kWatched));
  is_in("0::/web\n");
  EXPECT_FALSE(watch().rose(kWatched));
  const OomKills before_the_file_came = watch();
  v2_count("1");
  EXPECT_FALSE(before_the_file_came.rose(kWatched));
}

TEST_F(OomKillsTest, a_file_that_has_gone_is_no_kill) {
  is_in("0::/web\n");
  v2_count("1");
  const OomKills kills = watch();
  std::filesystem::remove_all(files_.directory() + "/sys");
  EXPECT_FALSE(kills.rose(kWatched));
}

TEST_F(OomKillsTest, a_count_that_is_no_number_is_none) {
  is_in("0::/web\n");
  v2_count("many");
  const OomKills kills = watch();
  v2_count("5");
  EXPECT_FALSE(kills.rose(kWatched));
}

}  // namespace
}  // namespace pyfault

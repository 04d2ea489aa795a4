// A delegated cgroup. What is refused is tested with made-up files; what happens to the processes
// in it is tested in a real cgroup.
#include "watchdog/supervise/delegated_cgroup.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "tests/unit/supervise/temporary_files.h"
#include "watchdog/os/read_file.h"
#include "watchdog/supervise/child_process.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;

constexpr char kNoAttributes[] =
    "the file system of the temporary directory has no extended attributes for users";
constexpr char kNoCgroupKill[] = "the kernel has no cgroup.kill (Linux 5.14 has it)";

std::string content(const std::string& path) {
  return read_file(path, 4096).value_or("");
}

bool mark_as_delegated(const std::string& folder) {
  return ::setxattr(folder.c_str(), "user.delegate", "1", 1, 0) == 0;
}

class RefusedCgroupTest : public testing::Test {
 protected:
  RefusedCgroupTest() {
    put("/proc/self/mountinfo", "35 24 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    put("/proc/self/cgroup", "0::/our.service\n");
    put("/sys/fs/cgroup/our.service/watchdog/cgroup.procs", "");
    put("/sys/fs/cgroup/our.service/cgroup.procs", "");
  }

  void put(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(files_.directory() + path).parent_path());
    std::ofstream(files_.directory() + path) << text;
  }
  std::string cgroup() const { return files_.directory() + "/sys/fs/cgroup/our.service"; }
  bool is_taken() const { return DelegatedCgroup::take(files_.directory()) != nullptr; }

  TemporaryFiles files_;
};

TEST_F(RefusedCgroupTest, what_nobody_has_delegated_is_left_alone) {
  EXPECT_FALSE(is_taken());
  EXPECT_EQ(content(cgroup() + "/watchdog/cgroup.procs"), "");
}

TEST_F(RefusedCgroupTest, without_cgroups_there_is_none) {
  put("/proc/self/cgroup", "");
  EXPECT_FALSE(is_taken());
}

TEST_F(RefusedCgroupTest, what_is_delegated_is_taken) {
  if (!mark_as_delegated(cgroup())) GTEST_SKIP() << kNoAttributes;
  EXPECT_TRUE(is_taken());
  EXPECT_EQ(content(cgroup() + "/watchdog/cgroup.procs"), "0");
}

TEST_F(RefusedCgroupTest, workers_are_lent_the_memory_controller) {
  if (!mark_as_delegated(cgroup())) GTEST_SKIP() << kNoAttributes;
  put("/sys/fs/cgroup/our.service/cgroup.controllers", "cpu memory pids\n");
  put("/sys/fs/cgroup/our.service/cgroup.subtree_control", "");
  EXPECT_TRUE(is_taken());
  EXPECT_EQ(content(cgroup() + "/cgroup.subtree_control"), "+memory");
}

TEST_F(RefusedCgroupTest, where_memory_cannot_be_lent_we_move_back) {
  if (!mark_as_delegated(cgroup())) GTEST_SKIP() << kNoAttributes;
  put("/sys/fs/cgroup/our.service/cgroup.controllers", "memory\n");
  EXPECT_FALSE(is_taken());
  EXPECT_EQ(content(cgroup() + "/cgroup.procs"), "0");
}

// Runs in a real cgroup if the machine lets us create one. The code under test runs in a child,
// which moves itself into that cgroup.
class DelegatedCgroupTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto own = unified_cgroup(content("/proc/self/cgroup"));
    const auto mounts = read_file("/proc/self/mountinfo", std::size_t{1} << 20).value_or("");
    const std::string parent = own.path.empty() ? "" : folder_of(own, mounts);
    cgroup_ = parent + "/pyfault-test-" + std::to_string(::getpid());
    if (parent.empty() || ::mkdir(cgroup_.c_str(), 0755) != 0 || !mark_as_delegated(cgroup_)) {
      GTEST_SKIP() << "needs root's rights to make a cgroup of version 2";
    }
  }
  ~DelegatedCgroupTest() override {
    for (const char* leaf : {"/worker-web", "/worker-web.2", "/watchdog", ""}) {
      ::rmdir((cgroup_ + leaf).c_str());
    }
  }

  // Runs `test` in a child inside the cgroup, and returns what it found wrong; an empty string
  // means nothing.
  std::string in_cgroup(const std::function<std::string(DelegatedCgroup&)>& test) const {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
    const pid_t child = ::fork();
    if (child == 0) {
      std::ofstream(cgroup_ + "/cgroup.procs") << "0";
      const auto taken = DelegatedCgroup::take();
      const std::string found = taken ? test(*taken) : "not taken";
      ::_exit(::write(ends[1], found.data(), found.size()) < 0 ? 1 : 0);
    }
    const UniqueFd reader(ends[0]);
    ::close(ends[1]);
    std::string found = read_up_to(reader.get(), 4096);
    ::waitpid(child, nullptr, 0);
    return found;
  }

  static ChildProcess run(const WorkerCgroup& cgroup, const std::string& command) {
    return spawn({{{"sh", "-c", command}, "", false}, {{"/bin/sh"}, ""}, {}, {}}, cgroup.procs());
  }
  // Starts a process that only sleeps, in the cgroup `folder`.
  static ChildProcess run_in(const std::string& folder) {
    const UniqueFd procs(::open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    return spawn({{{"sleep", "1000"}, "", false}, {{"/bin/sleep"}, ""}, {}, {}}, procs.get());
  }
  static ChildProcess spawn(SpawnPlan plan, int procs) {
    sigemptyset(&plan.signal_mask);
    plan.cgroup_procs = procs;
    return ChildProcess::spawn(plan);
  }
  std::string members(const std::string& leaf) const {
    return content(cgroup_ + leaf + "/cgroup.procs");
  }
  bool is_there(const std::string& leaf) const { return fs::exists(cgroup_ + leaf); }

  std::string cgroup_;
};

TEST_F(DelegatedCgroupTest, we_move_aside_and_a_worker_is_born_in_its_own) {
  const std::string found = in_cgroup([this](DelegatedCgroup& cgroups) -> std::string {
    const auto web = cgroups.make("web");
    if (!web) return "no cgroup for the worker";
    ChildProcess child = run(*web, "kill -STOP $$");
    const std::string there = members("/worker-web");
    ::kill(child.pid(), SIGKILL);
    child.reap();
    if (there != std::to_string(child.pid()) + "\n") return "in it are: " + there;
    return members("/watchdog") == std::to_string(::getpid()) + "\n" ? "" : "we are elsewhere";
  });
  EXPECT_EQ(found, "");
}

TEST_F(DelegatedCgroupTest, kill_reaches_who_has_left_session_and_parent) {
  if (!fs::exists(cgroup_ + "/cgroup.kill")) GTEST_SKIP() << kNoCgroupKill;
  const std::string found = in_cgroup([this](DelegatedCgroup& cgroups) -> std::string {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    auto web = cgroups.make("web");
    run(*web, "setsid sleep 100 & exit").reap();
    web->kill();
    web.reset();
    int status = 0;
    ::waitpid(-1, &status, 0);
    cgroups.sweep();
    if (!WIFSIGNALED(status)) return "the daemon was not killed";
    if (is_there("/worker-web")) return "its cgroup is left";
    return "";
  });
  EXPECT_EQ(found, "");
}

TEST_F(DelegatedCgroupTest, it_is_removed_with_the_life) {
  const std::string found = in_cgroup([this](DelegatedCgroup& cgroups) -> std::string {
    run(*cgroups.make("web"), "exit").reap();
    return is_there("/worker-web") ? "still there" : "";
  });
  EXPECT_EQ(found, "");
}

TEST_F(DelegatedCgroupTest, a_life_that_lingers_has_the_name_to_itself) {
  const std::string found = in_cgroup([this](DelegatedCgroup& cgroups) -> std::string {
    auto first = cgroups.make("web");
    ChildProcess lingers = run(*first, "kill -STOP $$");
    first.reset();
    const auto second = cgroups.make("web");
    const bool beside = second && is_there("/worker-web.2");
    ::kill(lingers.pid(), SIGKILL);
    lingers.reap();
    return beside ? "" : "no second cgroup";
  });
  EXPECT_EQ(found, "");
}

TEST_F(DelegatedCgroupTest, another_watchdog_finds_what_is_left) {
  ::mkdir((cgroup_ + "/worker-web").c_str(), 0755);
  ::mkdir((cgroup_ + "/watchdog").c_str(), 0755);
  EXPECT_EQ(in_cgroup([this](DelegatedCgroup&) { return is_there("/worker-web") ? "left" : ""; }),
            "");
}

// Simulates a worker that a previous watchdog has left behind: the test itself puts a process into
// the worker's cgroup.
TEST_F(DelegatedCgroupTest, what_nobody_goes_on_with_is_killed_and_named) {
  ::mkdir((cgroup_ + "/worker-web").c_str(), 0755);
  if (!fs::exists(cgroup_ + "/worker-web/cgroup.kill")) GTEST_SKIP() << kNoCgroupKill;
  ChildProcess stray = run_in(cgroup_ + "/worker-web");
  const std::string found = in_cgroup([](DelegatedCgroup& cgroups) -> std::string {
    return cgroups.kill_leftovers() == std::vector<std::string>{"/worker-web"} ? "" : "not named";
  });
  EXPECT_EQ(found, "");
  if (!found.empty()) ::kill(stray.pid(), SIGTERM);
  EXPECT_EQ(stray.reap().wait_status, SIGKILL);
}

TEST_F(DelegatedCgroupTest, what_is_gone_on_with_is_spared) {
  ::mkdir((cgroup_ + "/worker-web").c_str(), 0755);
  ChildProcess adopted = run_in(cgroup_ + "/worker-web");
  const std::string found = in_cgroup([&](DelegatedCgroup& cgroups) -> std::string {
    const auto web = cgroups.find(adopted.pid());
    if (!web) return "not found";
    return cgroups.kill_leftovers().empty() ? "" : "killed";
  });
  EXPECT_EQ(found, "");
  ::kill(adopted.pid(), SIGKILL);
  adopted.reap();
}

TEST_F(DelegatedCgroupTest, a_process_that_is_somewhere_else_is_not_found) {
  EXPECT_EQ(
      in_cgroup([](DelegatedCgroup& cgroups) { return cgroups.find(::getppid()) ? "found" : ""; }),
      "");
}

}  // namespace
}  // namespace pyfault

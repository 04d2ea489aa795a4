// A worker whose start takes long must not hold up anything but itself.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/service_fixture.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class SlowStart : public ServiceTest {
 protected:
  // Mounts a file system that never answers over `directory`, like that of a file server that is
  // down.
  bool hang(const std::string& directory) {
    server_ = UniqueFd(::open("/dev/fuse", O_RDWR | O_CLOEXEC));
    const std::string options =
        "fd=" + std::to_string(server_.get()) + ",rootmode=40000,user_id=0,group_id=0";
    return server_ && ::mount("hangs", directory.c_str(), "fuse", 0, options.c_str()) == 0;
  }
  bool have_mounts_of_our_own() {
    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }

  UniqueFd server_;
};

TEST_F(SlowStart, of_a_worker_whose_disk_hangs_holds_up_no_other_worker_and_no_operator) {
  if (!have_mounts_of_our_own()) GTEST_SKIP() << "only root can mount";
  std::filesystem::create_directory(file("disk"));
  write_file(file("disk/slow"), "#!/bin/sh\nsleep 1000\n");
  std::filesystem::permissions(file("disk/slow"), std::filesystem::perms::owner_all);
  script("other", "import time; time.sleep(1000)");
  config(R"(
[[worker]]
name = "slow"
command = ["disk/slow"]
stop = { timeout = "1s" }
[[worker]]
name = "other"
command = ["other.py"]
)");
  start();
  await("ready", 2);
  if (!hang(file("disk"))) GTEST_SKIP() << "this machine has no FUSE";
  ctl({"restart", "--no-wait", "slow"});
  await("exit", 1, "slow");
  EXPECT_EQ(ctl({"restart", "other"}).ending, exited(0));
  EXPECT_EQ(await("ready", 2, "other").size(), 2U);
  EXPECT_EQ(events("start", "slow").size(), 1U);
  EXPECT_THAT(ctl({"status", "slow"}).out, HasSubstr("slow\tstarting\t"));
  EXPECT_EQ(ctl({"stop", "slow"}).ending, exited(0));
}

// /etc/passwd becomes a FIFO without a writer, so that looking up a user never returns.
TEST_F(SlowStart, of_a_worker_whose_user_nobody_can_tell_holds_up_no_other_worker_and_no_operator) {
  if (!have_mounts_of_our_own()) GTEST_SKIP() << "only root can mount";
  script("worker", "import time; time.sleep(1000)");
  config(R"(
[[worker]]
name = "far"
command = ["/bin/sleep", "1000"]
user = "nobody"
directory = "/"
[[worker]]
name = "other"
command = ["/bin/sleep", "1000"]
group = "root"
)");
  start();
  await("ready", 2);
  ASSERT_EQ(::mkfifo(file("passwd").c_str(), 0644), 0);
  ASSERT_EQ(::mount(file("passwd").c_str(), "/etc/passwd", nullptr, MS_BIND, nullptr), 0);
  ctl({"restart", "--no-wait", "far"});
  await("exit", 1, "far");
  EXPECT_EQ(ctl({"restart", "other"}).ending, exited(0));
  EXPECT_THAT(ctl({"status", "far"}).out, HasSubstr("far\tstarting\t-\t"));
  EXPECT_EQ(ctl({"stop", "far"}).ending, exited(0));
  EXPECT_EQ(await("exit", 2, "far")[1]["reason"], "start-failed");
}

TEST_F(SlowStart, a_program_that_is_not_there_any_more_is_a_failed_start) {
  write_file(file("program"), "#!/bin/sh\nsleep 1000\n");
  std::filesystem::permissions(file("program"), std::filesystem::perms::owner_all);
  config(
      "[[worker]]\nname = \"web\"\ncommand = [\"./program\"]\nbackoff = { initial = \"10s\" }\n");
  start();
  await("ready");
  std::filesystem::remove(file("program"));
  ctl({"restart", "--no-wait", "web"});
  const json exit = await("exit", 2)[1];
  EXPECT_EQ(exit["reason"], "start-failed");
  EXPECT_THAT(exit["detail"].get<std::string>(), HasSubstr("not found"));
  EXPECT_EQ(exit["exit"]["code"], 127);
}

}  // namespace
}  // namespace pyfault::test

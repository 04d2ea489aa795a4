// Source files by names that a hostile program may have made up.
#include "watchdog/enrich/source_file.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/temp_directory.h"
#include "tests/unit/enrich/waiting_child.h"
#include "watchdog/enrich/process_info.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;
using test::WaitingChild;

constexpr uid_t kStranger = 4321;
constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t now() {
  timespec time{};
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * kSecond + time.tv_nsec;
}

class SourceFileTest : public ::testing::Test {
 protected:
  fs::path path(const std::string& name) const { return directory_.path() / name; }
  fs::path write(const std::string& name, const std::string& text = "text", mode_t mode = 0644) {
    std::ofstream(path(name)) << text;
    chmod(path(name).c_str(), mode);
    return path(name);
  }
  std::optional<std::string> read_for(int pid, const std::string& name) const {
    std::size_t budget = kMaxSourceBytes;
    return SourceFiles(pid, executable_of(pid), now()).read(name, budget);
  }
  std::optional<std::string> read(const std::string& name) const {
    return read_for(getpid(), name);
  }
  static std::optional<std::string> read_within(std::size_t& budget, const fs::path& file) {
    return SourceFiles(getpid(), executable_of(getpid()), now()).read(file, budget);
  }
  std::optional<std::string> read_unless_changed(const std::string& name) const {
    std::size_t budget = kMaxSourceBytes;
    return SourceFiles(getpid(), executable_of(getpid()), now() - kSecond).read(name, budget);
  }
  void let_strangers_in() { chmod(directory_.path().c_str(), 0755); }

  test::TempDirectory directory_;
};

class ArchiveTest : public SourceFileTest {
 protected:
  ArchiveTest() {
    run_python(
        "import zipfile\n"
        "with zipfile.ZipFile('app.zip', 'w', zipfile.ZIP_DEFLATED) as archive:\n"
        "    archive.writestr('lib/mod.py', 'pass\\n')\n"
        "    archive.writestr('key', 'secret')\n");
  }

  int run_python(const std::string& program) const {
    std::ofstream(path("archive.py")) << program;
    return std::system(("cd '" + directory_.path().string() + "' && python3 archive.py").c_str());
  }
  fs::path in_archive(const std::string& name) const { return archive_ / name; }

  fs::path archive_ = path("app.zip");
};

class StrangersFileTest : public SourceFileTest {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root's rights to become somebody else";
    let_strangers_in();
  }

  WaitingChild stranger_{
      [] { (void)!(setgroups(0, nullptr) + setgid(kStranger) + setuid(kStranger)); }};
};

TEST_F(SourceFileTest, reads_a_file) {
  EXPECT_EQ(read(write("app.py", "pass\n")), "pass\n");
}

TEST_F(SourceFileTest, a_missing_file_is_none) {
  EXPECT_FALSE(read(path("missing.py")));
}

TEST_F(SourceFileTest, a_directory_is_none) {
  EXPECT_FALSE(read(directory_.path()));
}

TEST_F(SourceFileTest, a_fifo_is_neither_read_nor_waited_for) {
  ASSERT_EQ(mkfifo(path("fifo.py").c_str(), 0644), 0);
  EXPECT_FALSE(read(path("fifo.py")));
}

TEST_F(SourceFileTest, a_device_is_none) {
  EXPECT_FALSE(read("/dev/zero"));
}

TEST_F(SourceFileTest, a_socket_is_none) {
  sockaddr_un address{AF_UNIX, "socket.py"};
  const UniqueFd socket_fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  path("socket.py").string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(socket_fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_FALSE(read(path("socket.py")));
}

TEST_F(SourceFileTest, a_file_without_a_size_is_none) {
  EXPECT_FALSE(read("/proc/self/status"));
}

TEST_F(SourceFileTest, a_link_of_proc_is_not_followed) {
  const UniqueFd fd(::open(write("app.py").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(read("/proc/self/fd/" + std::to_string(fd.get())));
}

TEST_F(SourceFileTest, an_ordinary_link_is_followed) {
  fs::create_symlink(write("app.py"), path("link.py"));
  EXPECT_TRUE(read(path("link.py")));
}

TEST_F(SourceFileTest, a_file_over_the_limit_is_none) {
  fs::resize_file(write("huge.py"), kMaxSourceBytes + 1);
  EXPECT_FALSE(read(path("huge.py")));
}

TEST_F(SourceFileTest, a_file_over_the_callers_limit_is_none) {
  std::size_t budget = 4;
  EXPECT_FALSE(read_within(budget, write("app.py", "12345")));
}

TEST_F(SourceFileTest, a_file_that_changed_since_is_none) {
  write("app.py");
  EXPECT_FALSE(read_unless_changed(path("app.py")));
}

TEST_F(SourceFileTest, an_old_time_stamp_does_not_hide_a_change) {
  fs::last_write_time(write("app.py"), fs::file_time_type::min());
  EXPECT_FALSE(read_unless_changed(path("app.py")));
}

TEST_F(SourceFileTest, a_relative_name_is_below_the_processs_directory) {
  write("app.py", "pass\n");
  const WaitingChild child([this] { (void)!chdir(directory_.path().c_str()); });
  EXPECT_EQ(read_for(child.pid(), "app.py"), "pass\n");
}

TEST_F(SourceFileTest, a_file_that_everybody_may_read_needs_no_suffix) {
  EXPECT_TRUE(read(write("tool")));
}

TEST_F(SourceFileTest, a_private_file_needs_a_source_files_name) {
  EXPECT_FALSE(read(write("key", "secret", 0600)));
  EXPECT_TRUE(read(write("app.py", "pass", 0600)));
}

TEST_F(SourceFileTest, what_is_read_is_taken_off_the_budget) {
  std::size_t budget = 7;
  EXPECT_TRUE(read_within(budget, write("app.py", "12345")));
  EXPECT_EQ(budget, 2U);
}

TEST_F(ArchiveTest, a_file_in_an_archive_is_read) {
  EXPECT_EQ(read(in_archive("lib/mod.py")), "pass\n");
}

TEST_F(ArchiveTest, a_link_to_an_archive_is_followed) {
  fs::create_symlink(archive_, path("link"));
  EXPECT_EQ(read(path("link") / "lib/mod.py"), "pass\n");
}

TEST_F(ArchiveTest, a_file_that_is_not_in_the_archive_is_none) {
  EXPECT_FALSE(read(in_archive("lib/other.py")));
}

TEST_F(ArchiveTest, an_archive_that_changed_since_is_not_read) {
  EXPECT_FALSE(read_unless_changed(in_archive("lib/mod.py")));
}

TEST_F(ArchiveTest, a_private_archive_needs_a_source_files_name) {
  chmod(archive_.c_str(), 0600);
  EXPECT_FALSE(read(in_archive("key")));
  EXPECT_TRUE(read(in_archive("lib/mod.py")));
}

TEST_F(ArchiveTest, what_is_no_archive_has_no_files) {
  write("app.zip", "PK and nothing else");
  EXPECT_FALSE(read(in_archive("lib/mod.py")));
}

TEST_F(ArchiveTest, files_of_several_archives_are_kept_apart) {
  fs::copy(archive_, path("other.zip"));
  const std::string added =
      "import zipfile\n"
      "zipfile.ZipFile('other.zip', 'a').writestr('new.py', 'new')";
  ASSERT_EQ(run_python(added), 0);
  SourceFiles files(getpid(), executable_of(getpid()), now());
  std::size_t budget = kMaxSourceBytes;
  EXPECT_TRUE(files.read(in_archive("lib/mod.py"), budget));
  EXPECT_FALSE(files.read(in_archive("new.py"), budget));
  EXPECT_TRUE(files.read(path("other.zip") / "new.py", budget));
}

TEST_F(SourceFileTest, nobodys_files_are_none) {
  EXPECT_FALSE(read_for(-1, write("app.py")));
}

TEST_F(SourceFileTest, an_absolute_name_is_below_the_processs_root) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root's rights to chroot";
  write("app.py", "pass\n");
  const WaitingChild child([this] { (void)!chroot(directory_.path().c_str()); });
  EXPECT_EQ(read_for(child.pid(), "/app.py"), "pass\n");
}

TEST_F(SourceFileTest, a_link_cannot_lead_out_of_the_processs_root) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root's rights to chroot";
  fs::create_symlink("/etc/passwd", path("link.py"));
  const WaitingChild child([this] {
    (void)!chdir(directory_.path().c_str());
    (void)!chroot(directory_.path().c_str());
  });
  EXPECT_FALSE(read_for(child.pid(), "/link.py"));
  EXPECT_FALSE(read_for(child.pid(), "link.py"));
}

// The process may have called exec between the crash record and the look at its files, perhaps of a
// set-user-ID program.
TEST_F(SourceFileTest, nothing_is_read_for_another_program) {
  write("app.py");
  std::size_t budget = kMaxSourceBytes;
  EXPECT_FALSE(SourceFiles(getpid(), "/usr/bin/sudo", now()).read(path("app.py"), budget));
}

TEST_F(StrangersFileTest, what_the_process_may_read_is_read) {
  EXPECT_TRUE(read_for(stranger_.pid(), write("app.py", "pass", 0644)));
}

TEST_F(StrangersFileTest, what_the_process_may_not_read_is_none) {
  EXPECT_FALSE(read_for(stranger_.pid(), write("app.py", "secret", 0640)));
}

TEST_F(StrangersFileTest, a_readable_file_in_a_closed_directory_is_none) {
  fs::create_directory(path("closed"));
  chmod(path("closed").c_str(), 0700);
  EXPECT_FALSE(read_for(stranger_.pid(), write("closed/app.py", "secret", 0644)));
}

// systemd's RestrictSUIDSGID= denies openat2() in the same way.
bool deny_openat2() {
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(rules), rules};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

class WithoutOpenat2Test : public SourceFileTest {
 protected:
  // Runs in a child, because the filter cannot be removed.
  std::string outcome(const std::string& name) const {
    const pid_t child = fork();
    if (child == 0) _exit(!deny_openat2() ? 2 : read(name) ? 1 : 0);
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) return "no filter";
    return WEXITSTATUS(status) == 1 ? "read" : "none";
  }
};

TEST_F(WithoutOpenat2Test, a_file_is_read_all_the_same) {
  EXPECT_EQ(outcome(write("app.py")), "read");
}

TEST_F(WithoutOpenat2Test, an_ordinary_link_is_followed) {
  fs::create_symlink(write("app.py"), path("link.py"));
  EXPECT_EQ(outcome(path("link.py")), "read");
}

TEST_F(WithoutOpenat2Test, a_link_of_proc_to_what_has_no_name_is_not_followed) {
  const UniqueFd secret(memfd_create("app.py", MFD_CLOEXEC));
  ASSERT_EQ(::write(secret.get(), "secret", 6), 6);
  EXPECT_EQ(outcome("/proc/self/fd/" + std::to_string(secret.get())), "none");
}

}  // namespace
}  // namespace pyfault

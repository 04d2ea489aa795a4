#include "watchdog/sink/open_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "watchdog/start_error.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class LogTargetTest : public testing::Test {
 protected:
  LogTargetTest() {
    std::string name = fs::temp_directory_path() / "pyfault-log-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~LogTargetTest() override { fs::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ / name; }
  std::string content(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path(name)).rdbuf();
    return text.str();
  }
  static void append(const UniqueFd& fd, std::string_view text) {
    ASSERT_EQ(::write(fd.get(), text.data(), text.size()), std::ssize(text));
  }
  // The error message for the user, or an empty string if the log can be opened.
  static std::string refusal(const std::string& file) {
    try {
      open_log_file(file, "--log '" + file + "'");
      return "";
    } catch (const StartError& error) {
      EXPECT_EQ(error.exit_code(), kExitOwnError);
      return error.what();
    }
  }

  fs::path directory_;
};

TEST_F(LogTargetTest, a_file_is_created_closed_to_others) {
  ::umask(022);
  open_log_file(path("new"), "");
  struct stat status {};
  ASSERT_EQ(::stat(path("new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST_F(LogTargetTest, what_the_file_holds_is_kept) {
  std::ofstream(path("log")) << "yesterday\n";
  append(open_log_file(path("log"), ""), "today\n");
  EXPECT_EQ(content("log"), "yesterday\ntoday\n");
}

TEST_F(LogTargetTest, two_watchdogs_do_not_overwrite_each_other) {
  const UniqueFd one = open_log_file(path("log"), "");
  const UniqueFd two = open_log_file(path("log"), "");
  append(one, "1\n");
  append(two, "2\n");
  append(one, "3\n");
  EXPECT_EQ(content("log"), "1\n2\n3\n");
}

TEST_F(LogTargetTest, the_program_does_not_inherit_it) {
  const UniqueFd file = open_log_file(path("log"), "");
  const UniqueFd standard_error = open_stderr();
  EXPECT_EQ(::fcntl(file.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(standard_error.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(LogTargetTest, a_missing_directory_is_named_with_what_to_do) {
  const std::string message = refusal(path("none/log"));
  EXPECT_THAT(message, HasSubstr("--log '" + path("none/log") + "'"));
  EXPECT_THAT(message, HasSubstr("create it first"));
}

TEST_F(LogTargetTest, a_directory_is_no_log) {
  EXPECT_THAT(refusal(directory_), HasSubstr("Is a directory"));
}

TEST_F(LogTargetTest, a_fifo_without_a_reader_is_refused_instead_of_waited_for) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(refusal(path("fifo")), HasSubstr("FIFO that nothing reads from"));
}

TEST_F(LogTargetTest, a_descriptor_of_ours_may_lead_anywhere) {
  fs::create_directory(path("shared"));
  ::chmod(path("shared").c_str(), 0777);
  std::ofstream(path("shared/out")) << "";
  const UniqueFd out(::open(path("shared/out").c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  EXPECT_EQ(refusal("/dev/fd/" + std::to_string(out.get())), "");
}

// Root writes a log in a directory of another user, who would like root to write somewhere else.
class LogOfAStranger : public LogTargetTest {
 protected:
  static constexpr uid_t kStranger = 4321;

  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root's rights";
    ::chmod(directory_.c_str(), 0755);
    fs::create_directory(path("theirs"));
    give(path("theirs"));
    fs::create_directory(path("ours"));
    std::ofstream(path("ours/keys")) << "root's\n";
    ::chmod(path("ours/keys").c_str(), 0600);
  }
  static void give(const std::string& file) {
    ASSERT_EQ(::lchown(file.c_str(), kStranger, kStranger), 0);
  }
  void link(const std::string& target, const std::string& name) {
    fs::create_symlink(target, path(name));
    give(path(name));
  }
};

TEST_F(LogOfAStranger, is_theirs) {
  EXPECT_EQ(refusal(path("theirs/log")), "");
  struct stat status {};
  ASSERT_EQ(::stat(path("theirs/log").c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, kStranger);
}

TEST_F(LogOfAStranger, follows_no_link) {
  link(path("ours/keys"), "theirs/log");
  EXPECT_THAT(refusal(path("theirs/log")), HasSubstr("it is a link"));
  link(path("ours/new"), "theirs/dangling");
  EXPECT_THAT(refusal(path("theirs/dangling")), HasSubstr("it is a link"));
  EXPECT_FALSE(fs::exists(path("ours/new")));
}

TEST_F(LogOfAStranger, makes_nothing_in_a_directory_that_is_not_theirs) {
  link(path("ours"), "theirs/logs");
  EXPECT_THAT(refusal(path("theirs/logs/new")), HasSubstr("Permission denied"));
  EXPECT_THAT(refusal(path("theirs/logs/keys")), HasSubstr("Permission denied"));
  EXPECT_THAT(refusal(path("theirs/logs/../keys")), Not(IsEmpty()));
}

TEST_F(LogOfAStranger, is_no_other_name_of_a_file) {
  fs::create_hard_link(path("ours/keys"), path("theirs/log"));
  EXPECT_THAT(refusal(path("theirs/log")), Not(IsEmpty()));
}

TEST_F(LogOfAStranger, behind_a_link_of_ours_is_theirs_all_the_same) {
  link(path("ours/keys"), "theirs/log");
  fs::create_symlink(path("theirs"), path("ours/logs"));
  EXPECT_THAT(refusal(path("ours/logs/log")), HasSubstr("it is a link"));
}

TEST_F(LogOfAStranger, below_a_directory_for_a_group_goes_by_no_link) {
  fs::create_directories(path("group/logs"));
  ::chmod(path("group").c_str(), 0775);
  EXPECT_EQ(refusal(path("group/logs/new")), "");
  fs::create_directory_symlink(path("group"), path("to_group"));  // ours, and outside
  EXPECT_EQ(refusal(path("to_group/logs/new")), "");
  fs::create_directory_symlink(path("ours"), path("group/moved"));  // ours, but moved in here
  EXPECT_THAT(refusal(path("group/moved/new")), HasSubstr("it is a link"));
  EXPECT_FALSE(fs::exists(path("ours/new")));
}

TEST_F(LogOfAStranger, beside_ours_in_a_directory_for_all_is_refused) {
  fs::create_directory(path("tmp"));
  ::chmod(path("tmp").c_str(), 01777);
  EXPECT_EQ(refusal(path("tmp/log")), "");
  std::ofstream(path("tmp/squatted")) << "";
  give(path("tmp/squatted"));
  EXPECT_THAT(refusal(path("tmp/squatted")), Not(IsEmpty()));
  fs::create_hard_link(path("ours/keys"), path("tmp/linked"));
  EXPECT_THAT(refusal(path("tmp/linked")), HasSubstr("another name"));
  link(path("ours/keys"), "tmp/followed");
  EXPECT_THAT(refusal(path("tmp/followed")), HasSubstr("it is a link"));
}

}  // namespace
}  // namespace pyfault

#include "watchdog/sink/log_target.h"

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
  // What the user is told; empty where the log can be had.
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

TEST_F(LogTargetTest, AFileIsCreatedReadableForAll) {
  ::umask(022);
  open_log_file(path("new"), "");
  struct stat status {};
  ASSERT_EQ(::stat(path("new").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0644u);
}

TEST_F(LogTargetTest, WhatTheFileHoldsIsKept) {
  std::ofstream(path("log")) << "yesterday\n";
  append(open_log_file(path("log"), ""), "today\n");
  EXPECT_EQ(content("log"), "yesterday\ntoday\n");
}

TEST_F(LogTargetTest, TwoWatchdogsDoNotOverwriteEachOther) {
  const UniqueFd one = open_log_file(path("log"), "");
  const UniqueFd two = open_log_file(path("log"), "");
  append(one, "1\n");
  append(two, "2\n");
  append(one, "3\n");
  EXPECT_EQ(content("log"), "1\n2\n3\n");
}

TEST_F(LogTargetTest, TheProgramDoesNotInheritIt) {
  const UniqueFd file = open_log_file(path("log"), "");
  const UniqueFd standard_error = open_stderr();
  EXPECT_EQ(::fcntl(file.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(standard_error.get(), F_GETFD), FD_CLOEXEC);
}

TEST_F(LogTargetTest, AMissingDirectoryIsNamedWithWhatToDo) {
  const std::string message = refusal(path("none/log"));
  EXPECT_THAT(message, HasSubstr("--log '" + path("none/log") + "'"));
  EXPECT_THAT(message, HasSubstr("create it first"));
}

TEST_F(LogTargetTest, ADirectoryIsNoLog) {
  EXPECT_THAT(refusal(directory_), HasSubstr("Is a directory"));
}

TEST_F(LogTargetTest, AFifoWithoutAReaderIsRefusedInsteadOfWaitedFor) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(refusal(path("fifo")), HasSubstr("FIFO that nothing reads from"));
}

}  // namespace
}  // namespace pyfault

// The log's name while others do to the file what they like.
#include "watchdog/sink/log_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "watchdog/sink/log_target.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;

class LogFileTest : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return directory_.path() / name; }
  std::string content(const std::string& name) const { return test::read_file(path(name)); }

  void open(const fs::path& name) { log_ = LogFile::named(open_for_append(name)); }
  void write(std::string_view text) {
    ASSERT_EQ(log_.follow_name(), 0);
    ASSERT_EQ(::write(log_.get(), text.data(), text.size()), std::ssize(text));
  }

  test::TempDirectory directory_;
  LogFile log_ = LogFile::unnamed(UniqueFd());
};

TEST_F(LogFileTest, AFileThatStaysIsKept) {
  open(path("log"));
  const int fd = log_.get();
  write("1\n");
  write("2\n");
  EXPECT_EQ(log_.get(), fd);
  EXPECT_EQ(content("log"), "1\n2\n");
}

TEST_F(LogFileTest, ADeletedFileIsCreatedAnew) {
  open(path("log"));
  write("1\n");
  fs::remove(path("log"));
  write("2\n");
  EXPECT_EQ(content("log"), "2\n");
}

TEST_F(LogFileTest, ARotatedFileIsLeftToTheRotator) {
  open(path("log"));
  write("1\n");
  fs::rename(path("log"), path("log.1"));
  write("2\n");
  EXPECT_EQ(content("log.1"), "1\n");
  EXPECT_EQ(content("log"), "2\n");
}

TEST_F(LogFileTest, AFileThatTookItsPlaceIsAppendedTo) {
  open(path("log"));
  fs::remove(path("log"));
  test::write_file(path("log"), "theirs\n");
  write("ours\n");
  EXPECT_EQ(content("log"), "theirs\nours\n");
}

TEST_F(LogFileTest, ADirectoryThatIsGoneIsAnErrorUntilItIsBack) {
  fs::create_directory(path("logs"));
  open(path("logs/log"));
  fs::remove_all(path("logs"));
  EXPECT_EQ(log_.follow_name(), ENOENT);
  fs::create_directory(path("logs"));
  write("1\n");
  EXPECT_EQ(content("logs/log"), "1\n");
}

TEST_F(LogFileTest, ALinkIsSeenThrough) {
  test::write_file(path("log"), "");
  fs::create_symlink(path("log"), path("link"));
  open(path("link"));
  fs::remove(path("log"));
  write("1\n");
  EXPECT_EQ(content("log"), "1\n");
}

TEST_F(LogFileTest, ANumberedDescriptorMayBeClosedLater) {
  UniqueFd file = open_for_append(path("log"));
  open("/dev/fd/" + std::to_string(file.get()));
  file.reset();
  write("1\n");
  EXPECT_EQ(content("log"), "1\n");
}

TEST_F(LogFileTest, WhatIsNoRegularFileIsNotFollowed) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  const UniqueFd reader(::open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  open(path("fifo"));
  fs::remove(path("fifo"));
  write("1\n");
  EXPECT_FALSE(fs::exists(path("fifo")));
}

TEST_F(LogFileTest, StandardErrorIsNotFollowed) {
  log_ = LogFile::unnamed(open_for_append(path("log")));
  fs::remove(path("log"));
  write("1\n");
  EXPECT_FALSE(fs::exists(path("log")));
}

}  // namespace
}  // namespace pyfault

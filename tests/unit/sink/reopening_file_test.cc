// A log file that other programs rename, remove, replace or truncate while it is being written.
#include "watchdog/sink/reopening_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "watchdog/sink/open_log.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;

class LogFileTest : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return directory_.path() / name; }
  std::string content(const std::string& name) const { return test::read_file(path(name)); }

  void open(const fs::path& name) { log_ = ReopeningFile::named(open_for_append(name)); }
  void write(std::string_view text) {
    ASSERT_EQ(log_.follow_name(), 0);
    ASSERT_EQ(::write(log_.get(), text.data(), text.size()), std::ssize(text));
  }

  test::TempDirectory directory_;
  ReopeningFile log_ = ReopeningFile::unnamed(UniqueFd());
};

TEST_F(LogFileTest, a_file_that_stays_is_kept) {
  open(path("log"));
  const int fd = log_.get();
  write("1\n");
  write("2\n");
  EXPECT_EQ(log_.get(), fd);
  EXPECT_EQ(content("log"), "1\n2\n");
}

TEST_F(LogFileTest, a_deleted_file_is_created_anew) {
  open(path("log"));
  write("1\n");
  fs::remove(path("log"));
  write("2\n");
  EXPECT_EQ(content("log"), "2\n");
}

TEST_F(LogFileTest, a_rotated_file_is_left_to_the_rotator) {
  open(path("log"));
  write("1\n");
  fs::rename(path("log"), path("log.1"));
  write("2\n");
  EXPECT_EQ(content("log.1"), "1\n");
  EXPECT_EQ(content("log"), "2\n");
}

TEST_F(LogFileTest, a_file_that_took_its_place_is_appended_to) {
  open(path("log"));
  fs::remove(path("log"));
  test::write_file(path("log"), "theirs\n");
  write("ours\n");
  EXPECT_EQ(content("log"), "theirs\nours\n");
}

TEST_F(LogFileTest, a_directory_that_is_gone_is_an_error_until_it_is_back) {
  fs::create_directory(path("logs"));
  open(path("logs/log"));
  fs::remove_all(path("logs"));
  EXPECT_EQ(log_.follow_name(), ENOENT);
  fs::create_directory(path("logs"));
  write("1\n");
  EXPECT_EQ(content("logs/log"), "1\n");
}

TEST_F(LogFileTest, a_link_is_seen_through) {
  test::write_file(path("log"), "");
  fs::create_symlink(path("log"), path("link"));
  open(path("link"));
  fs::remove(path("log"));
  write("1\n");
  EXPECT_EQ(content("log"), "1\n");
}

TEST_F(LogFileTest, a_numbered_descriptor_may_be_closed_later) {
  UniqueFd file = open_for_append(path("log"));
  open("/dev/fd/" + std::to_string(file.get()));
  file.reset();
  write("1\n");
  EXPECT_EQ(content("log"), "1\n");
}

TEST_F(LogFileTest, what_is_no_regular_file_is_not_followed) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  const UniqueFd reader(::open(path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  open(path("fifo"));
  fs::remove(path("fifo"));
  write("1\n");
  EXPECT_FALSE(fs::exists(path("fifo")));
}

TEST_F(LogFileTest, standard_error_is_not_followed) {
  log_ = ReopeningFile::unnamed(open_for_append(path("log")));
  fs::remove(path("log"));
  write("1\n");
  EXPECT_FALSE(fs::exists(path("log")));
}

}  // namespace
}  // namespace pyfault

#include "watchdog/log_error.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

class LogErrorTest : public testing::Test {
 protected:
  LogErrorTest() : saved_(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    reader_ = UniqueFd(ends[0]);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[1]);
  }
  ~LogErrorTest() override { ::dup2(saved_.get(), STDERR_FILENO); }

  std::string read_once() {
    std::array<char, 65536> bytes;
    const ssize_t size = ::read(reader_.get(), bytes.data(), bytes.size());
    return size > 0 ? std::string(bytes.data(), static_cast<std::size_t>(size)) : "";
  }

  UniqueFd saved_;
  UniqueFd reader_;
};

TEST_F(LogErrorTest, a_message_is_one_line_with_our_name) {
  log_error("log 'x': {} %v %n");
  EXPECT_EQ(read_once(), "pyfault-watchdog: log 'x': {} %v %n\n");
}

TEST_F(LogErrorTest, control_characters_are_escaped) {
  log_error("no file 'a\nb\x1b'");
  EXPECT_EQ(read_once(), "pyfault-watchdog: no file 'a\\nb\\x1b'\n");
}

TEST_F(LogErrorTest, a_full_stderr_is_not_waited_for) {
  const int size = ::fcntl(STDERR_FILENO, F_GETPIPE_SZ);
  const std::string filling(static_cast<std::size_t>(size), 'x');
  ASSERT_EQ(::write(STDERR_FILENO, filling.data(), filling.size()), size);
  log_error("lost");
  EXPECT_EQ(read_once(), filling);
  log_error("written");
  EXPECT_EQ(read_once(), "pyfault-watchdog: written\n");
}

}  // namespace
}  // namespace pyfault

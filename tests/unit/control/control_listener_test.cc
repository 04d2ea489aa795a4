#include "watchdog/control/control_listener.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <filesystem>

#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "watchdog/os/unix_stream.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class ControlListenerTest : public testing::Test {
 protected:
  std::unique_ptr<ControlListener> listen() {
    return std::make_unique<ControlListener>(io_, path_, [this](UniqueFd) { ++connections_; });
  }
  std::string refusal() {
    try {
      listen();
      return "";
    } catch (const StartError& error) {
      return error.what();
    }
  }
  int connections() {
    const UniqueFd client = connect_stream(path_);
    io_.restart();
    io_.poll();
    return connections_;
  }

  boost::asio::io_context io_;
  test::TempDirectory directory_;
  const std::string path_ = directory_.path() / "run/control";
  int connections_ = 0;
};

TEST_F(ControlListenerTest, hears_us_and_makes_its_directory) {
  const auto listener = listen();
  EXPECT_EQ(connections(), 1);
}

TEST_F(ControlListenerTest, the_socket_is_ours_alone) {
  const auto listener = listen();
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(ControlListenerTest, a_second_one_is_told_and_steals_nothing) {
  const auto listener = listen();
  EXPECT_THAT(refusal(), HasSubstr("another service listens there"));
  EXPECT_EQ(connections(), 1);
}

TEST_F(ControlListenerTest, one_that_has_ended_leaves_the_place) {
  listen().reset();
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_THAT(refusal(), IsEmpty());
}

TEST_F(ControlListenerTest, the_socket_of_a_dead_one_is_replaced) {
  const pid_t other = ::fork();
  if (other == 0) {
    const auto listener = listen();
    ::raise(SIGKILL);
  }
  ::waitpid(other, nullptr, 0);
  ASSERT_TRUE(std::filesystem::exists(path_));
  const auto listener = listen();
  EXPECT_EQ(connections(), 1);
}

TEST_F(ControlListenerTest, another_programs_socket_is_not_stolen) {
  std::filesystem::create_directory(directory_.path() / "run");
  const UniqueFd other = listen_on_stream(path_, 0600);
  EXPECT_THAT(refusal(), HasSubstr("another program listens there"));
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(ControlListenerTest, a_file_that_is_no_socket_stays) {
  std::filesystem::create_directory(directory_.path() / "run");
  test::write_file(path_, "precious");
  EXPECT_THAT(refusal(), HasSubstr("not a socket"));
  EXPECT_EQ(test::read_file(path_), "precious");
}

TEST_F(ControlListenerTest, a_directory_that_cannot_be_made_is_named) {
  test::write_file(directory_.path() / "run", "in the way");
  EXPECT_THAT(refusal(), HasSubstr(path_));
}

}  // namespace
}  // namespace pyfault

#include "agent/find_watchdog.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temp_directory.h"

namespace pyfault::test {
namespace {

class FindWatchdog : public ::testing::Test {
 protected:
  ~FindWatchdog() override { ::unsetenv(kSocketVariable); }

  bool finds(const std::string& address, const std::vector<const char*>& command = {"python3"}) {
    ::setenv(kSocketVariable, address.c_str(), 1);
    *link_ = {};
    return find_watchdog(nullptr, static_cast<int>(command.size()), command.data(), *link_);
  }
  int dump_signal(const std::string& address) {
    EXPECT_TRUE(finds(address));
    return link_->dump_signal;
  }
  std::string_view command() const {
    return {link_->hello.claims.command, sizeof link_->hello.claims.command};
  }

  TempDirectory directory_;
  const std::string socket_ = directory_.path() / "socket";
  std::unique_ptr<WatchdogLink> link_ = std::make_unique<WatchdogLink>();
};

TEST_F(FindWatchdog, without_an_address_there_is_none) {
  ::unsetenv(kSocketVariable);
  EXPECT_FALSE(find_watchdog(nullptr, 0, nullptr, *link_));
  EXPECT_FALSE(finds(""));
  EXPECT_FALSE(finds(std::string(108, 'x')));
}

TEST_F(FindWatchdog, an_address_is_taken_as_it_is) {
  EXPECT_TRUE(finds("@/run/pyfault/0123"));
  EXPECT_STREQ(link_->address, "@/run/pyfault/0123");
}

TEST_F(FindWatchdog, the_signal_for_dumps_is_read_off_the_address) {
  const std::string first = std::to_string(SIGRTMIN);
  EXPECT_EQ(dump_signal("@/run/a." + first), SIGRTMIN);
  EXPECT_EQ(dump_signal("@/run/a"), 0);
  EXPECT_EQ(dump_signal("@/run." + first + "/a"), 0);
  for (const char* none : {".", ".x", ".11", ".65", ".-1", ".50x", ".99999999999999999999"}) {
    EXPECT_EQ(dump_signal(std::string("@/run/a") + none), 0) << none;
  }
}

TEST_F(FindWatchdog, the_signals_to_dump_before_are_read_off_the_address) {
  const auto bits = [this](const std::string& name) {
    EXPECT_TRUE(finds("@/run/a" + name));
    return link_->dump_before;
  };
  const auto bit = [](int signal) { return std::uint64_t{1} << (signal - 1); };
  EXPECT_EQ(bits(""), bit(SIGABRT));
  EXPECT_EQ(bits(".50"), bit(SIGABRT));
  EXPECT_EQ(bits(".0.0"), 0U);
  EXPECT_EQ(bits(".0.6.15"), bit(SIGABRT) | bit(SIGTERM));
  EXPECT_EQ(bits(".0.15.x"), bit(SIGTERM));
  EXPECT_EQ(link_->dump_signal, 0);
}

TEST_F(FindWatchdog, the_pipe_is_beside_the_socket_file) {
  const std::string pipe = socket_ + kWakePipeSuffix;
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& address : {"@" + socket_, socket_}) {
    EXPECT_TRUE(finds(address));
    EXPECT_EQ(link_->wake_pipe, pipe);
    EXPECT_NE(link_->wake_pipe_inode, 0U);
  }
}

TEST_F(FindWatchdog, what_is_no_pipe_is_none) {
  std::ofstream(socket_ + kWakePipeSuffix) << "a file";
  EXPECT_TRUE(finds("@" + socket_));
  EXPECT_STREQ(link_->wake_pipe, "");
}

TEST_F(FindWatchdog, a_pipe_of_a_stranger_is_none) {
  const std::string pipe = socket_ + kWakePipeSuffix;
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  if (::chown(pipe.c_str(), 4321, 4321) != 0) GTEST_SKIP() << "needs root's rights to give it away";
  EXPECT_TRUE(finds("@" + socket_));
  EXPECT_STREQ(link_->wake_pipe, "");
}

TEST_F(FindWatchdog, an_address_that_is_no_path_has_no_pipe) {
  EXPECT_TRUE(finds("@just-a-name"));
  EXPECT_STREQ(link_->wake_pipe, "");
}

TEST_F(FindWatchdog, the_process_describes_itself) {
  EXPECT_TRUE(finds("@a", {"python3", "-c", "pass"}));
  EXPECT_EQ(command().substr(0, 16), std::string_view("python3\0-c\0pass\0", 16));
  EXPECT_EQ(link_->hello.claims.executable, std::filesystem::read_symlink("/proc/self/exe"));
  EXPECT_STRNE(link_->hello.claims.name, "");
}

TEST_F(FindWatchdog, a_very_long_command_is_cut) {
  const std::string argument(1000, 'x');
  EXPECT_TRUE(finds("@a", {"python3", argument.c_str(), argument.c_str()}));
  EXPECT_EQ(command().substr(0, 7), "python3");
  EXPECT_EQ(command().at(command().size() - 2), 'x');
  EXPECT_EQ(command().back(), '\0');
}

}  // namespace
}  // namespace pyfault::test

// The listening sockets for agents, one abstract and one in the file system, and what they leave
// behind.
#include "watchdog/ingest/agent_listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "tests/support/fake_agent.h"
#include "tests/support/temp_directory.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;
using test::FakeAgent;

class AgentListenerTest : public ::testing::Test {
 protected:
  AgentListenerTest() { ::setenv("XDG_RUNTIME_DIR", directory_.path().c_str(), 1); }
  ~AgentListenerTest() override { ::unsetenv("XDG_RUNTIME_DIR"); }

  static fs::path file_of(const AgentListener& listener) { return listener.address().substr(1); }
  bool nothing_is_left() const { return fs::is_empty(directory_.path()); }

  test::TempDirectory directory_;
};

TEST_F(AgentListenerTest, listens_under_one_name_twice) {
  const AgentListener listener(DumpSignals{});
  EXPECT_TRUE(FakeAgent(listener.address()).connected());
  EXPECT_TRUE(FakeAgent(file_of(listener)).connected());
}

TEST_F(AgentListenerTest, the_file_is_for_our_user_alone) {
  const AgentListener listener(DumpSignals{});
  EXPECT_EQ(file_of(listener).parent_path().parent_path(), directory_.path());
  EXPECT_EQ(fs::status(file_of(listener).parent_path()).permissions(), fs::perms::owner_all);
}

TEST_F(AgentListenerTest, its_name_tells_the_signal_that_asks_for_dumps) {
  EXPECT_TRUE(AgentListener(DumpSignals{50}).address().ends_with(".50"));
  EXPECT_TRUE(AgentListener(DumpSignals{50, {SIGABRT, SIGTERM}}).address().ends_with(".50.6.15"));
  EXPECT_TRUE(AgentListener(DumpSignals{0, {}}).address().ends_with(".0.0"));
  EXPECT_EQ(AgentListener(DumpSignals{}).address().find('.', directory_.path().string().size() + 1),
            std::string::npos);
}

TEST_F(AgentListenerTest, the_pipe_never_comes_to_its_end) {
  AgentListener listener(DumpSignals{});
  const UniqueFd pipe = listener.take_wake_pipe();
  UniqueFd(::open((file_of(listener).string() + ".wake").c_str(), O_WRONLY | O_CLOEXEC)).reset();
  char byte = 0;
  EXPECT_EQ(::read(pipe.get(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(AgentListenerTest, what_is_no_pipe_is_not_taken_for_one) {
  std::optional<AgentListener> before(std::in_place, DumpSignals{});
  const fs::path pipe = file_of(*before).string() + ".wake";
  fs::remove(pipe);
  std::ofstream(pipe) << "a file";
  before->leave();
  AgentListener after(DumpSignals{}, before->take_listeners());
  EXPECT_FALSE(after.take_wake_pipe());
}

TEST_F(AgentListenerTest, takes_its_file_along) {
  std::optional<AgentListener> listener(std::in_place, DumpSignals{});
  EXPECT_FALSE(nothing_is_left());
  listener.reset();
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(AgentListenerTest, two_listeners_do_not_meet) {
  const AgentListener first(DumpSignals{});
  const AgentListener second(DumpSignals{});
  EXPECT_NE(first.address(), second.address());
}

}  // namespace
}  // namespace pyfault

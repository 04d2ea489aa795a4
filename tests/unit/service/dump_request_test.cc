// A request for a dump must not kill a process that does not handle the signal.
#include "watchdog/service/dump_request.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace pyfault {
namespace {

const int kSignal = SIGRTMIN + 9;
volatile std::sig_atomic_t asked = 0;

class DumpRequestTest : public testing::Test {
 protected:
  ~DumpRequestTest() override { std::signal(kSignal, SIG_DFL); }
};

TEST_F(DumpRequestTest, reaches_a_process_that_catches_the_signal) {
  asked = 0;
  std::signal(kSignal, [](int) { asked = 1; });
  EXPECT_TRUE(ask_for_dump(::getpid(), kSignal));
  EXPECT_EQ(asked, 1);
}

TEST_F(DumpRequestTest, is_not_sent_to_one_that_would_die_of_it) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::pause();
    ::_exit(0);
  }
  EXPECT_FALSE(ask_for_dump(child, kSignal));
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST_F(DumpRequestTest, is_not_sent_to_one_that_ignores_the_signal) {
  std::signal(kSignal, SIG_IGN);
  EXPECT_FALSE(ask_for_dump(::getpid(), kSignal));
}

TEST_F(DumpRequestTest, is_not_sent_where_there_is_no_signal_or_no_process) {
  EXPECT_FALSE(ask_for_dump(::getpid(), 0));
  EXPECT_FALSE(ask_for_dump(0x7fffffff, kSignal));
}

}  // namespace
}  // namespace pyfault

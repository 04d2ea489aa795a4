#include "watchdog/supervise/standard_streams.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include "tests/unit/supervise/forked.h"

namespace pyfault {
namespace {

TEST(StandardStreamsTest, AClosedStderrIsFilledAndTheNextFileGetsAnotherNumber) {
  EXPECT_TRUE(holds_in_fork([] {
    ::close(STDERR_FILENO);
    fill_closed_standard_streams();
    return ::open("/dev/zero", O_RDONLY) > STDERR_FILENO;
  }));
}

TEST(StandardStreamsTest, WhatWasClosedIsClosedInTheProgramToo) {
  EXPECT_TRUE(holds_in_fork([] {
    ::close(STDIN_FILENO);
    ::close(STDERR_FILENO);
    fill_closed_standard_streams();
    return ::fcntl(STDIN_FILENO, F_GETFD) == FD_CLOEXEC &&
           ::fcntl(STDERR_FILENO, F_GETFD) == FD_CLOEXEC;
  }));
}

TEST(StandardStreamsTest, WhatWasOpenIsLeftAlone) {
  EXPECT_TRUE(holds_in_fork([] {
    fill_closed_standard_streams();
    return ::fcntl(STDOUT_FILENO, F_GETFD) == 0;
  }));
}

TEST(StandardStreamsTest, TheReaderOfStdoutSeesTheEndWhenTheProgramClosesIt) {
  EXPECT_TRUE(holds_in_fork([] {
    int fds[2];
    if (::pipe(fds) != 0) return false;
    ::dup2(fds[1], STDOUT_FILENO);
    ::close(fds[1]);
    release_stdin_and_stdout();
    char byte;
    return ::read(fds[0], &byte, 1) == 0;
  }));
}

}  // namespace
}  // namespace pyfault

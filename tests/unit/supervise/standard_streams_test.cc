#include "watchdog/supervise/standard_streams.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "tests/unit/supervise/forked.h"

namespace pyfault {
namespace {

TEST(StandardStreamsTest, a_closed_stderr_is_filled_and_the_next_file_gets_another_number) {
  EXPECT_TRUE(holds_in_fork([] {
    ::close(STDERR_FILENO);
    fill_closed_standard_streams();
    return ::open("/dev/zero", O_RDONLY) > STDERR_FILENO;
  }));
}

TEST(StandardStreamsTest, what_was_closed_is_closed_in_the_program_too) {
  EXPECT_TRUE(holds_in_fork([] {
    ::close(STDIN_FILENO);
    ::close(STDERR_FILENO);
    fill_closed_standard_streams();
    return ::fcntl(STDIN_FILENO, F_GETFD) == FD_CLOEXEC &&
           ::fcntl(STDERR_FILENO, F_GETFD) == FD_CLOEXEC;
  }));
}

TEST(StandardStreamsTest, what_was_open_is_left_alone) {
  EXPECT_TRUE(holds_in_fork([] {
    fill_closed_standard_streams();
    return ::fcntl(STDOUT_FILENO, F_GETFD) == 0;
  }));
}

TEST(StandardStreamsTest, the_reader_of_stdout_sees_the_end_when_the_program_closes_it) {
  EXPECT_TRUE(holds_in_fork([] {
    int fds[2];
    if (::pipe(fds) != 0) return false;
    ::dup2(fds[1], STDOUT_FILENO);
    ::close(fds[1]);
    release_program_descriptors({});
    char byte;
    return ::read(fds[0], &byte, 1) == 0;
  }));
}

TEST(StandardStreamsTest, the_reader_of_an_inherited_pipe_sees_the_end_when_the_program_closes_it) {
  EXPECT_TRUE(holds_in_fork([] {
    int fds[2];
    if (::pipe(fds) != 0) return false;
    const std::vector<int> inherited = inherited_descriptors();
    release_program_descriptors({fds[1]});
    char byte;
    return std::ranges::count(inherited, fds[1]) == 1 && ::read(fds[0], &byte, 1) == 0;
  }));
}

TEST(StandardStreamsTest, what_is_opened_later_is_not_inherited) {
  EXPECT_TRUE(holds_in_fork([] {
    const std::vector<int> inherited = inherited_descriptors();
    return std::ranges::count(inherited, ::open("/dev/null", O_RDONLY)) == 0;
  }));
}

}  // namespace
}  // namespace pyfault

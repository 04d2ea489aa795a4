#include "watchdog/sink/fd_sink.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <csignal>
#include <memory>
#include <thread>

#include "tests/unit/sink/channel.h"

namespace pyfault {
namespace {

class FdSinkTest : public testing::Test {
 protected:
  FdSinkTest() { std::signal(SIGPIPE, SIG_IGN); }

  void open(UniqueFd fd) {
    sink_ = std::make_unique<FdSink>(ReopeningFile::unnamed(std::move(fd)));
  }
  int write(const std::string& report) { return sink_->write(report); }
  // Simulates a pipe whose reader comes back: the sink keeps its descriptor number, which now
  // refers to `target`.
  void redirect(int sink_fd, const UniqueFd& target) { ::dup2(target.get(), sink_fd); }

  // Simulates a disk that fills up: the file takes `size` bytes and no more.
  UniqueFd small_file(rlim_t size) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &file_size_);
    const rlimit limit{size, file_size_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    return UniqueFd(::memfd_create("small", MFD_CLOEXEC));
  }
  // Opens such a file as a log is opened. The test reads it through another open file description.
  UniqueFd small_log(rlim_t size) {
    file_ = small_file(size);
    const std::string name = "/proc/self/fd/" + std::to_string(file_.get());
    return UniqueFd(::open(name.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  }
  void lift_the_limit() { ::setrlimit(RLIMIT_FSIZE, &file_size_); }
  std::string content() const {
    std::string text(100, '\0');
    text.resize(static_cast<std::size_t>(::pread(file_.get(), text.data(), text.size(), 0)));
    return text;
  }
  ~FdSinkTest() override { ::setrlimit(RLIMIT_FSIZE, &file_size_); }

  std::unique_ptr<FdSink> sink_;
  UniqueFd file_;
  rlimit file_size_{RLIM_INFINITY, RLIM_INFINITY};
};

TEST_F(FdSinkTest, one_report_is_one_write_however_many_lines_it_has) {
  Channel channel = Channel::packets();
  open(std::move(channel.writer));
  write("line 1\nline 2\n");
  write("second report\n");
  EXPECT_EQ(channel.read_once(), "line 1\nline 2\n");
  EXPECT_EQ(channel.read_once(), "second report\n");
}

TEST_F(FdSinkTest, nothing_is_added_to_a_report) {
  Channel channel = Channel::pipe();
  open(std::move(channel.writer));
  write("%v {} no newline");
  sink_.reset();
  EXPECT_EQ(channel.read_to_end(), "%v {} no newline");
}

TEST_F(FdSinkTest, a_closed_pipe_is_not_fatal) {
  Channel channel = Channel::pipe();
  open(std::move(channel.writer));
  channel.reader.reset();
  EXPECT_EQ(write("report\n"), EPIPE);
}

TEST_F(FdSinkTest, a_non_blocking_pipe_that_is_full_is_waited_for) {
  Channel channel = Channel::pipe(O_NONBLOCK);
  ::fcntl(channel.reader.get(), F_SETFL, 0);
  const std::size_t filled = channel.fill();
  open(std::move(channel.writer));
  const std::string report(4 << 20, 'x');  // many times what the pipe holds
  std::thread writer([&] {
    write(report);
    sink_.reset();
  });
  const std::string all = channel.read_to_end();
  writer.join();
  EXPECT_EQ(all.size(), filled + report.size());
  EXPECT_TRUE(all.ends_with(report));
}

TEST_F(FdSinkTest, the_descriptors_flags_are_left_alone) {
  Channel channel = Channel::pipe();
  const int flags = ::fcntl(channel.writer.get(), F_GETFL);
  const UniqueFd other = channel.another_writer();
  open(std::move(channel.writer));
  write("report\n");
  EXPECT_EQ(::fcntl(other.get(), F_GETFL), flags);
}

TEST_F(FdSinkTest, a_report_that_a_file_cannot_take_whole_is_taken_back) {
  open(small_log(10));
  write("whole\n");
  EXPECT_EQ(write("too long\n"), EFBIG);
  EXPECT_EQ(content(), "whole\n");
}

TEST_F(FdSinkTest, a_report_that_was_taken_back_can_be_written_later) {
  open(small_log(10));
  write("whole\n");
  write("too long\n");
  lift_the_limit();
  write("too long\n");
  EXPECT_EQ(content(), "whole\ntoo long\n");
}

TEST_F(FdSinkTest, what_is_not_appended_to_is_never_cut) {
  UniqueFd file = small_file(10);
  const int fd = file.get();
  open(std::move(file));
  write("a report that breaks off");
  EXPECT_EQ(::lseek(fd, 0, SEEK_END), 10);
}

TEST_F(FdSinkTest, after_a_report_that_broke_off_the_next_starts_on_a_line_of_its_own) {
  Channel channel = Channel::pipe();
  UniqueFd file = small_file(10);
  const int fd = file.get();
  open(std::move(file));
  EXPECT_NE(write("a report that breaks off"), 0);
  redirect(fd, channel.writer);
  channel.writer.reset();
  write("next\n");
  sink_.reset();
  EXPECT_EQ(channel.read_to_end(), "\nnext\n");
}

// A watchdog that was killed during a write leaves an unfinished line behind.
TEST_F(FdSinkTest, after_a_torn_report_the_next_one_has_a_line_of_its_own) {
  const UniqueFd log = small_log(1000);
  ASSERT_EQ(::write(log.get(), "{torn", 5), 5);
  open(UniqueFd(::dup(log.get())));
  write("{}\n");
  EXPECT_EQ(content(), "{torn\n{}\n");
}

}  // namespace
}  // namespace pyfault

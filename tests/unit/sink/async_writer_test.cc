#include "watchdog/sink/async_writer.h"

#include <gmock/gmock.h>

#include <csignal>
#include <future>
#include <memory>
#include <semaphore>
#include <sstream>
#include <string>

#include "tests/unit/sink/channel.h"
#include "tests/unit/sink/notices.h"
#include "watchdog/sink/fd_sink.h"

namespace pyfault {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::AnyOf;
using testing::EndsWith;
using testing::StartsWith;

class ReportLogTest : public testing::Test {
 protected:
  ReportLogTest() { std::signal(SIGPIPE, SIG_IGN); }

  // By default, failed writes are retried almost at once while running, and not at all once the log
  // is finished.
  void open(UniqueFd fd, RetryPolicy patience = {milliseconds(1), milliseconds(0)}) {
    LogNotices notices = short_notices(heard_->troubles);
    notices.trouble = [heard = heard_, note = notices.trouble](int error) {
      note(error);
      heard->in_trouble.release();
    };
    auto sink = std::make_unique<FdSink>(ReopeningFile::unnamed(std::move(fd)));
    log_ = std::make_unique<AsyncWriter>(std::move(sink), std::move(notices), patience);
  }
  // A full disk. room() replaces it by `channel` once the log has noticed that the disk is full.
  void open_full(RetryPolicy patience) {
    UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    fd_ = full.get();
    open(std::move(full), patience);
  }
  void room(const Channel& channel) {
    heard_->in_trouble.acquire();
    ::dup2(channel.writer.get(), fd_);
  }
  void write_numbered(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) log_->write(std::to_string(i) + "\n");
  }
  std::string finish_while_reading(Channel& channel) {
    auto all = std::async(std::launch::async, [&] { return channel.read_to_end(); });
    EXPECT_EQ(log_->finish(hours(1)), 0u);
    log_.reset();
    return all.get();
  }

  // Shared, because the log's thread may outlive the test.
  struct Heard {
    std::vector<int> troubles;
    std::counting_semaphore<> in_trouble{0};
  };
  std::shared_ptr<Heard> heard_ = std::make_shared<Heard>();
  std::unique_ptr<AsyncWriter> log_;
  int fd_ = -1;
};

TEST_F(ReportLogTest, finishing_writes_out_every_report_in_order) {
  Channel channel = Channel::pipe();
  open(std::move(channel.writer));
  log_->write("one\n");
  log_->write("two\n");
  EXPECT_EQ(log_->finish(hours(1)), 0u);
  EXPECT_EQ(channel.read_once(), "one\ntwo\n");
}

TEST_F(ReportLogTest, an_empty_report_is_none) {
  Channel channel = Channel::packets();
  open(std::move(channel.writer));
  log_->write("");
  log_->write("report\n");
  EXPECT_EQ(log_->finish(hours(1)), 0u);
  EXPECT_EQ(channel.read_once(), "report\n");
}

TEST_F(ReportLogTest, a_pipe_that_nobody_reads_does_not_hold_up_the_end) {
  Channel channel = Channel::pipe();
  channel.fill();
  open(channel.another_writer());
  log_->write("report\n");
  EXPECT_EQ(log_->finish(milliseconds(1)), 1u);
  channel.reader.reset();
}

// Counts the reports that arrived, which must be numbered from 0 without a gap, and those that were
// announced as lost.
struct Arrived {
  explicit Arrived(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("lost ")) {
        lost += std::stoul(line.substr(5));
      } else {
        EXPECT_EQ(line, std::to_string(reports++));
      }
    }
  }
  std::size_t reports = 0;
  std::size_t lost = 0;
};

TEST_F(ReportLogTest, a_full_queue_keeps_the_first_reports_and_tells_how_many_were_dropped) {
  Channel channel = Channel::pipe();
  const std::size_t filled = channel.fill();
  open(std::move(channel.writer));
  write_numbered(kQueuedReports + 11);
  const Arrived arrived(finish_while_reading(channel).substr(filled));
  EXPECT_GE(arrived.reports, kQueuedReports);
  EXPECT_GE(arrived.lost, 10u);  // the first one may have left the queue already
  EXPECT_EQ(arrived.reports + arrived.lost, kQueuedReports + 11);
}

TEST_F(ReportLogTest, what_the_descriptor_refused_is_counted_at_the_end) {
  open(UniqueFd(::open("/dev/full", O_WRONLY | O_CLOEXEC)));
  write_numbered(3);
  EXPECT_EQ(log_->finish(hours(1)), 3u);
}

constexpr RetryPolicy kUntilTheEnd{hours(1), milliseconds(0)};

TEST_F(ReportLogTest, what_the_disk_refused_comes_late_and_that_is_told) {
  Channel channel = Channel::packets();
  open_full(kUntilTheEnd);
  write_numbered(2);
  room(channel);
  EXPECT_EQ(log_->finish(hours(1)), 0u);  // triggers a last attempt
  EXPECT_EQ(channel.read_once(), "0\n");
  EXPECT_EQ(channel.read_once(), "1\n");
  EXPECT_EQ(channel.read_once(), "late 2\n");
}

TEST_F(ReportLogTest, a_disk_that_gets_room_while_the_program_runs_is_found_again) {
  Channel channel = Channel::packets();
  open_full({milliseconds(1), milliseconds(0)});
  write_numbered(1);
  room(channel);
  EXPECT_EQ(channel.read_once(), "0\n");
  EXPECT_EQ(channel.read_once(), "late 1\n");
}

TEST_F(ReportLogTest, at_the_end_it_is_tried_for_a_while) {
  Channel channel = Channel::packets();
  open_full({hours(1), hours(1)});
  write_numbered(1);
  auto all = std::async(std::launch::async, [&] { return log_->finish(hours(1)); });
  room(channel);
  EXPECT_EQ(all.get(), 0u);
}

TEST_F(ReportLogTest, trouble_is_told_once_however_many_reports_it_keeps) {
  open_full(kUntilTheEnd);
  write_numbered(20);
  EXPECT_EQ(log_->finish(hours(1)), 20u);
  EXPECT_EQ(heard_->troubles, std::vector{ENOSPC});
}

TEST_F(ReportLogTest, reports_that_wait_have_a_limit_in_bytes) {
  Channel channel = Channel::pipe();
  const std::size_t filled = channel.fill();
  open(std::move(channel.writer));
  const std::string large(kQueuedBytes / 2, 'x');
  for (int i = 0; i < 4; ++i) log_->write(large + "\n");
  const std::string all = finish_while_reading(channel).substr(filled);
  EXPECT_LE(all.size(), kQueuedBytes + 100);
  // How many reports are lost before the first notice depends on when the thread takes the first
  // report out of the queue.
  EXPECT_THAT(all,
              AnyOf(EndsWith("lost 3\n"), AllOf(StartsWith("lost 1\n"), EndsWith("lost 2\n")),
                    AllOf(StartsWith("lost 2\n"), EndsWith("lost 1\n")), StartsWith("lost 3\n")));
}

TEST_F(ReportLogTest, the_loss_of_the_last_report_is_told_before_the_end) {
  Channel channel = Channel::packets();
  open(std::move(channel.writer));
  log_->write(std::string(64 << 20, 'x'));  // larger than any packet
  EXPECT_EQ(log_->finish(hours(1)), 0u);
  EXPECT_EQ(channel.read_once(), "lost 1\n");
}

TEST_F(ReportLogTest, lost_reports_are_told_before_the_next_one_that_gets_through) {
  Channel channel = Channel::packets();
  open(std::move(channel.writer));
  log_->write(std::string(60 << 20, 'x'));  // larger than any packet
  log_->write("next\n");
  EXPECT_EQ(log_->finish(hours(1)), 0u);
  EXPECT_EQ(channel.read_once(), "lost 1\n");
  EXPECT_EQ(channel.read_once(), "next\n");
  EXPECT_EQ(log_->dropped(), 1u);
}

TEST_F(ReportLogTest, without_finishing_the_thread_ends_all_the_same) {
  Channel channel = Channel::pipe();
  open(std::move(channel.writer));
  log_->write("report\n");
  log_.reset();
  EXPECT_EQ(channel.read_to_end(), "report\n");
}

}  // namespace
}  // namespace pyfault

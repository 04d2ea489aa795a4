#include "watchdog/sink/report_log.h"

#include <gtest/gtest.h>

#include <csignal>
#include <future>
#include <sstream>
#include <string>

#include "tests/unit/sink/channel.h"

namespace pyfault {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class ReportLogTest : public testing::Test {
 protected:
  ReportLogTest() { std::signal(SIGPIPE, SIG_IGN); }

  void open(UniqueFd fd) {
    log_ = std::make_unique<ReportLog>(
        std::move(fd), [](std::uint64_t count) { return "lost " + std::to_string(count) + "\n"; });
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

  std::unique_ptr<ReportLog> log_;
};

TEST_F(ReportLogTest, FinishingWritesOutEveryReportInOrder) {
  Channel channel = Channel::pipe();
  open(std::move(channel.writer));
  log_->write("one\n");
  log_->write("two\n");
  EXPECT_EQ(log_->finish(hours(1)), 0u);
  EXPECT_EQ(channel.read_once(), "one\ntwo\n");
}

TEST_F(ReportLogTest, AnEmptyReportIsNone) {
  Channel channel = Channel::packets();
  open(std::move(channel.writer));
  log_->write("");
  log_->write("report\n");
  EXPECT_EQ(log_->finish(hours(1)), 0u);
  EXPECT_EQ(channel.read_once(), "report\n");
}

TEST_F(ReportLogTest, APipeThatNobodyReadsDoesNotHoldUpTheEnd) {
  Channel channel = Channel::pipe();
  channel.fill();
  open(channel.another_writer());
  log_->write("report\n");
  EXPECT_EQ(log_->finish(milliseconds(1)), 1u);
  channel.reader.reset();
}

// How many reports arrived, numbered from 0 without a gap, and how many were told to be lost.
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

TEST_F(ReportLogTest, AFullQueueKeepsTheFirstReportsAndTellsHowManyWereDropped) {
  Channel channel = Channel::pipe();
  const std::size_t filled = channel.fill();
  open(std::move(channel.writer));
  write_numbered(kQueuedReports + 11);
  const Arrived arrived(finish_while_reading(channel).substr(filled));
  EXPECT_GE(arrived.reports, kQueuedReports);
  EXPECT_GE(arrived.lost, 10u);  // the thread may have taken the first one out of the queue
  EXPECT_EQ(arrived.reports + arrived.lost, kQueuedReports + 11);
}

TEST_F(ReportLogTest, WhatTheDescriptorRefusedIsCountedAtTheEnd) {
  open(UniqueFd(::open("/dev/full", O_WRONLY | O_CLOEXEC)));
  write_numbered(3);
  EXPECT_EQ(log_->finish(hours(1)), 3u);
}

TEST_F(ReportLogTest, TheLossOfTheLastReportIsToldBeforeTheEnd) {
  Channel channel = Channel::packets();
  open(std::move(channel.writer));
  log_->write(std::string(64 << 20, 'x'));  // larger than any packet
  EXPECT_EQ(log_->finish(hours(1)), 0u);
  EXPECT_EQ(channel.read_once(), "lost 1\n");
}

TEST_F(ReportLogTest, WithoutFinishingTheThreadEndsAllTheSame) {
  Channel channel = Channel::pipe();
  open(std::move(channel.writer));
  log_->write("report\n");
  log_.reset();
  EXPECT_EQ(channel.read_to_end(), "report\n");
}

}  // namespace
}  // namespace pyfault

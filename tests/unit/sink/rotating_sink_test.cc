#include "watchdog/sink/rotating_sink.h"

#include <gtest/gtest.h>

#include <memory>

#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "watchdog/sink/open_log.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;

class RotatingSinkTest : public testing::Test {
 protected:
  void open(std::uint64_t max_size, int keep) {
    sink_ = std::make_unique<RotatingSink>(ReopeningFile::named(open_for_append(log_)),
                                           Rotation{max_size, keep},
                                           [this](std::error_code) { ++complaints_; });
  }
  void write(const std::string& report) { EXPECT_EQ(sink_->write(report), 0); }
  std::string content(const std::string& suffix) const { return test::read_file(log_ + suffix); }

  test::TempDirectory directory_;
  const std::string log_ = directory_.path() / "log";
  std::unique_ptr<RotatingSink> sink_;
  int complaints_ = 0;
};

TEST_F(RotatingSinkTest, a_file_that_is_full_becomes_the_first_old_one) {
  open(10, 3);
  write("one\n");
  write("two\n");
  write("three\n");
  EXPECT_EQ(content(""), "three\n");
  EXPECT_EQ(content(".1"), "one\ntwo\n");
}

TEST_F(RotatingSinkTest, old_files_move_up_and_the_oldest_goes) {
  open(1, 2);
  for (const char* report : {"1\n", "2\n", "3\n", "4\n"}) write(report);
  EXPECT_EQ(content(""), "4\n");
  EXPECT_EQ(content(".1"), "3\n");
  EXPECT_EQ(content(".2"), "2\n");
  EXPECT_FALSE(fs::exists(log_ + ".3"));
}

TEST_F(RotatingSinkTest, a_report_is_never_split) {
  open(4, 2);
  write("much longer than the limit\n");
  write("next\n");
  EXPECT_EQ(content(".1"), "much longer than the limit\n");
  EXPECT_EQ(content(""), "next\n");
}

TEST_F(RotatingSinkTest, no_report_is_lost_however_often_it_rotates) {
  open(50, 1000);
  for (int i = 0; i < 1000; ++i) write(std::to_string(i) + "\n");
  std::string all;
  for (int number = 1000; number >= 1; --number) {
    if (fs::exists(log_ + '.' + std::to_string(number)))
      all += content('.' + std::to_string(number));
  }
  all += content("");
  std::string expected;
  for (int i = 0; i < 1000; ++i) expected += std::to_string(i) + "\n";
  EXPECT_EQ(all, expected);
}

TEST_F(RotatingSinkTest, a_file_that_cannot_be_renamed_grows_on_and_that_is_said_once) {
  open(1, 1);
  fs::create_directory(log_ + ".1");
  test::write_file(log_ + ".1/in the way", "");
  for (const char* report : {"1\n", "2\n", "3\n"}) write(report);
  EXPECT_EQ(content(""), "1\n2\n3\n");
  EXPECT_EQ(complaints_, 1);
}

TEST_F(RotatingSinkTest, what_is_mended_may_be_said_again) {
  open(1, 1);
  write("1\n");
  for (int time = 1; time <= 2; ++time) {
    fs::remove_all(log_ + ".1");
    fs::create_directory(log_ + ".1");
    test::write_file(log_ + ".1/in the way", "");
    write("2\n");
    fs::remove_all(log_ + ".1");
    write("3\n");
    EXPECT_EQ(complaints_, time);
  }
}

TEST_F(RotatingSinkTest, when_logrotate_is_faster_its_file_is_kept) {
  open(3, 2);
  write("1\n");
  fs::rename(log_, log_ + ".taken");
  write("2\n");
  EXPECT_EQ(content(".taken"), "1\n");
  EXPECT_EQ(content(""), "2\n");
}

TEST_F(RotatingSinkTest, a_link_stays_a_link) {
  const std::string target = directory_.path() / "target";
  test::write_file(target, "");
  fs::create_symlink(target, log_);
  open(1, 1);
  write("1\n");
  write("2\n");
  EXPECT_TRUE(fs::is_symlink(log_));
  EXPECT_EQ(test::read_file(target), "2\n");
  EXPECT_EQ(test::read_file(target + ".1"), "1\n");
}

TEST_F(RotatingSinkTest, without_a_limit_nothing_is_rotated) {
  open(0, 1);
  write("1\n");
  write("2\n");
  EXPECT_EQ(content(""), "1\n2\n");
}

}  // namespace
}  // namespace pyfault

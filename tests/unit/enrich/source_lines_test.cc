#include "watchdog/enrich/source_lines.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <limits>

#include "tests/support/temp_directory.h"
#include "watchdog/enrich/process_info.h"

namespace pyfault {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kAnyTime = std::numeric_limits<std::int64_t>::max();

Frame frame_at(const std::string& file, std::optional<int> line) {
  Frame frame;
  frame.file = file;
  frame.line = line;
  return frame;
}

class SourceLinesTest : public ::testing::Test {
 protected:
  SourceLinesTest() { crash_.threads.resize(1); }

  void write(const std::string& text) { std::ofstream(file_, std::ios::binary) << text; }
  void frame(const std::string& file, std::optional<int> line) {
    crash_.threads[0].frames.push_back(frame_at(file, line));
  }
  // The source line of each frame.
  std::vector<std::optional<std::string>> sources() const {
    std::vector<std::optional<std::string>> texts(crash_.threads[0].frames.size());
    for (FrameSource& each : source_reader(getpid(), executable_of(getpid()), kAnyTime)(crash_)) {
      texts.at(each.frame) = std::move(each.text);
    }
    return texts;
  }
  // The source line of the frame that was added last.
  std::optional<std::string> source() const { return sources().back(); }
  std::optional<std::string> line(int number) {
    frame(file_, number);
    return source();
  }

  test::TempDirectory directory_;
  std::string file_ = directory_.path() / "app.py";
  Crash crash_;
};

TEST_F(SourceLinesTest, finds_the_line) {
  write("first\n\tsecond \nthird\n");
  EXPECT_EQ(line(2), "\tsecond ");
}

TEST_F(SourceLinesTest, the_last_line_needs_no_newline) {
  write("first\nsecond");
  EXPECT_EQ(line(2), "second");
}

TEST_F(SourceLinesTest, a_missing_line_is_none) {
  write("first\n");
  EXPECT_EQ(line(2), std::nullopt);
}

TEST_F(SourceLinesTest, an_empty_line_is_empty) {
  write("first\n\nthird\n");
  EXPECT_EQ(line(2), "");
}

TEST_F(SourceLinesTest, knows_every_end_of_a_line) {
  write("one\r\ntwo\rthree\n\rfive");
  EXPECT_EQ(line(2), "two");
  EXPECT_EQ(line(3), "three");
  EXPECT_EQ(line(5), "five");
}

TEST_F(SourceLinesTest, a_byte_order_mark_is_not_part_of_the_first_line) {
  write("\xef\xbb\xbfimport os\n");
  EXPECT_EQ(line(1), "import os");
}

TEST_F(SourceLinesTest, a_huge_line_is_cut) {
  write(std::string(kMaxLineBytes + 1, 'x') + "\nsecond\n");
  EXPECT_EQ(line(1), std::string(kMaxLineBytes, 'x'));
  EXPECT_EQ(line(2), "second");
}

TEST_F(SourceLinesTest, invalid_utf_8_is_replaced) {
  write("name = 'caf\xe9'\n");
  EXPECT_EQ(line(1), "name = 'caf\ufffd'");
}

TEST_F(SourceLinesTest, frames_of_one_line_all_get_it) {
  write("f()\n");
  frame(file_, 1);
  frame(file_, 1);
  EXPECT_THAT(sources(), ElementsAre("f()", "f()"));
}

TEST_F(SourceLinesTest, later_lines_may_come_first) {
  write("one\ntwo\nthree\n");
  frame(file_, 3);
  frame(file_, 1);
  EXPECT_THAT(sources(), ElementsAre("three", "one"));
}

TEST_F(SourceLinesTest, a_frame_without_a_line_has_no_source) {
  write("one\n");
  frame(file_, std::nullopt);
  EXPECT_EQ(source(), std::nullopt);
}

TEST_F(SourceLinesTest, code_from_a_string_has_no_source) {
  frame("<string>", 1);
  EXPECT_EQ(source(), std::nullopt);
}

TEST_F(SourceLinesTest, a_name_with_a_nul_is_not_cut_there) {
  write("one\n");
  frame(file_ + std::string("\0.txt", 5), 1);
  EXPECT_EQ(source(), std::nullopt);
}

TEST_F(SourceLinesTest, more_files_than_the_limit_are_left_out) {
  write("one\n");
  for (std::size_t i = 0; i < kMaxSourceFilesPerCrash; ++i) frame("/" + std::to_string(i), 1);
  EXPECT_EQ(line(1), std::nullopt);
}

// A record of 2 MiB can have 65,000 frames that all refer to one line of 4,096 bytes.
TEST_F(SourceLinesTest, a_line_of_many_frames_is_not_repeated_without_an_end) {
  constexpr std::size_t kFrames = 65'000;
  write(std::string(kMaxLineBytes, 'x') + "\n");
  crash_.threads[0].frames.assign(kFrames, frame_at(file_, 1));
  EXPECT_EQ(source_reader(getpid(), executable_of(getpid()), kAnyTime)(crash_).size(),
            kMaxLinesPerCrash / kMaxLineBytes);
}

TEST_F(SourceLinesTest, the_faulting_threads_lines_come_first) {
  write(std::string(kMaxLineBytes, 'x') + "\nshort\n");
  crash_.threads.resize(2);
  frame(file_, 2);
  crash_.threads[1].frames.assign(kMaxLinesPerCrash / kMaxLineBytes, frame_at(file_, 1));
  const auto found = source_reader(getpid(), executable_of(getpid()), kAnyTime)(crash_);
  EXPECT_EQ(found.front().text, "short");
  EXPECT_EQ(found.size(), crash_.threads[1].frames.size());
}

TEST_F(SourceLinesTest, frames_that_are_not_code_are_left_alone) {
  write("one\n");
  frame(file_, 1);
  crash_.threads[0].frames[0].kind = Frame::Kind::kUnreadable;
  EXPECT_EQ(source(), std::nullopt);
}

}  // namespace
}  // namespace pyfault

#include "watchdog/service/output_lines.h"

#include <gmock/gmock.h>

#include "watchdog/service/output_limit.h"

namespace pyfault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(OutputLines, are_given_out_when_they_are_whole) {
  OutputLines lines;
  EXPECT_THAT(lines.take("one\ntwo\nbegun"), ElementsAre("one", "two"));
  EXPECT_THAT(lines.take(", ended\nnext"), ElementsAre("begun, ended"));
}

TEST(OutputLines, a_last_line_needs_no_newline) {
  OutputLines lines;
  lines.take("the end");
  EXPECT_THAT(lines.finish(), ElementsAre("the end"));
  EXPECT_THAT(lines.finish(), IsEmpty());
}

TEST(OutputLines, an_empty_line_is_one) {
  EXPECT_THAT(OutputLines().take("\n"), ElementsAre(""));
}

TEST(OutputLines, bytes_stay_as_they_are) {
  EXPECT_THAT(OutputLines().take(std::string("\xff\0\x1b\r\n", 5)),
              ElementsAre(std::string("\xff\0\x1b\r", 4)));
}

TEST(OutputLines, a_line_without_end_is_cut_and_nothing_of_it_lost) {
  const std::string piece(kMaxOutputLine, 'x');
  EXPECT_THAT(OutputLines().take(piece + piece + "y\n"), ElementsAre(piece, piece, "y"));
}

TEST(OutputLines, a_line_of_the_longest_length_is_one) {
  const std::string piece(kMaxOutputLine - 1, 'x');
  EXPECT_THAT(OutputLines().take(piece + "\n"), ElementsAre(piece));
}

TEST(LineFormat, of_a_file_has_time_and_name) {
  EXPECT_EQ(line_for_file("web", "text", 1'795'419'610'123'456'000),
            "2026-11-23T07:40:10.123456Z web: text\n");
}

TEST(LineFormat, of_the_journal_names_the_worker_as_who_says_it) {
  EXPECT_EQ(line_for_journal("web", "text", 0),
            "MESSAGE=text\nPRIORITY=6\nSYSLOG_IDENTIFIER=web\nPYFAULT_WORKER=web\n");
}

TEST(OutputLimiter, lets_so_many_pass_in_each_interval_and_counts_the_rest) {
  OutputLimiter limiter({2, std::chrono::seconds(30)});
  const OutputLimiter::Time start{};
  for (const bool passes : {true, true, false, false}) EXPECT_EQ(limiter.admit(start), passes);
  EXPECT_FALSE(limiter.admit(start + std::chrono::seconds(29)));
  EXPECT_TRUE(limiter.admit(start + std::chrono::seconds(30)));
  EXPECT_EQ(limiter.take_suppressed(), 3U);
  EXPECT_EQ(limiter.take_suppressed(), 0U);
}

TEST(OutputLimiter, without_a_limit_all_pass) {
  OutputLimiter limiter({});
  for (int line = 0; line < 1000; ++line) EXPECT_TRUE(limiter.admit({}));
}

TEST(OutputTail, keeps_the_last_of_it) {
  constexpr std::size_t kSize = 1000;
  OutputTail tail(kSize);
  tail.add("first");
  EXPECT_EQ(tail.text(), "first");
  for (int i = 0; i < 1000; ++i) tail.add(std::string(999, 'x') + "\n");
  tail.add("last");
  EXPECT_EQ(tail.text().size(), kSize);
  EXPECT_TRUE(tail.text().ends_with("x\nlast"));
}

}  // namespace
}  // namespace pyfault

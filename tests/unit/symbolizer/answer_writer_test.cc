// An answer is never longer than the watchdog reads.
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "watchdog/os/unique_fd.h"
#include "watchdog/symbolizer/answer_writer.h"

namespace pyfault::test {
namespace {

using testing::ElementsAre;

struct AnswerWriterTest : testing::Test {
  std::string written() const {
    std::string bytes(static_cast<std::size_t>(::lseek(fd.get(), 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(fd.get(), bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return bytes;
  }
  std::vector<ItemKind> kinds() const {
    const std::string bytes = written();
    std::vector<ItemKind> all;
    for (std::size_t at = 0; at < bytes.size();) {
      ItemHead head{};
      std::memcpy(&head, bytes.data() + at, sizeof head);
      all.push_back(head.kind);
      at += sizeof head + head.size;
    }
    return all;
  }

  UniqueFd fd{::memfd_create("answer", MFD_CLOEXEC)};
  AnswerWriter answer{::dup(fd.get())};
};

TEST_F(AnswerWriterTest, text_is_said_once) {
  EXPECT_EQ(answer.text("a"), 0);
  EXPECT_EQ(answer.text("b"), 1);
  EXPECT_EQ(answer.text("a"), 0);
  EXPECT_EQ(answer.text(""), kNoText);
  answer.end();
  EXPECT_THAT(kinds(), ElementsAre(ItemKind::kText, ItemKind::kText, ItemKind::kEnd));
}

TEST_F(AnswerWriterTest, long_text_is_cut) {
  EXPECT_EQ(answer.text(std::string(kMaxText + 1, 'x')), 0);
  EXPECT_EQ(answer.text(std::string(kMaxText + 2, 'x')), 0);
  answer.end();
  EXPECT_EQ(written().size(), 2 * sizeof(ItemHead) + kMaxText);
}

TEST_F(AnswerWriterTest, what_does_not_fit_is_left_out_but_not_the_end) {
  for (int number = 0; number < 1000; ++number) {
    answer.text(std::to_string(number) + std::string(kMaxText - 10, 'x'));
  }
  EXPECT_EQ(answer.text("one more" + std::string(kMaxText - 10, 'x')), kNoText);
  answer.end();
  EXPECT_LE(written().size(), kMaxAnswer);
  EXPECT_GT(written().size(), kMaxAnswer - 2 * kMaxText);
  EXPECT_EQ(kinds().back(), ItemKind::kEnd);
}

TEST_F(AnswerWriterTest, nothing_is_written_before_it_is_wanted) {
  answer.text("a");
  EXPECT_EQ(written(), "");
  answer.flush();
  EXPECT_NE(written(), "");
}

}  // namespace
}  // namespace pyfault::test

#include "watchdog/os/state_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <stdexcept>

namespace pyfault {
namespace {

class StateFileTest : public testing::Test {
 protected:
  // The content as the next process reads it.
  std::optional<std::string> found() const {
    return StateFile(UniqueFd(::dup(file_.descriptor()))).read();
  }
  void damage(off_t offset) const {
    char byte = 0;
    ASSERT_EQ(::pread(file_.descriptor(), &byte, 1, offset), 1);
    byte = static_cast<char>(byte ^ 1);
    ASSERT_EQ(::pwrite(file_.descriptor(), &byte, 1, offset), 1);
  }

  static constexpr off_t kContent = 24;  // content follows the header
  static constexpr off_t kHalf = StateFile::kHalfSize;

  StateFile file_;
};

TEST_F(StateFileTest, a_new_one_has_no_content) {
  EXPECT_FALSE(found());
}

TEST_F(StateFileTest, the_last_content_is_found) {
  for (const char* content : {"one", "a second, which is longer", "3"}) {
    file_.write(content);
    EXPECT_EQ(found(), content);
  }
}

TEST_F(StateFileTest, whoever_finds_it_goes_on) {
  file_.write("before");
  StateFile next(UniqueFd(::dup(file_.descriptor())));
  next.write("after");
  EXPECT_EQ(found(), "after");
}

TEST_F(StateFileTest, when_the_last_content_is_damaged_the_one_before_is_found) {
  file_.write("first");   // goes to the second half
  file_.write("second");  // goes to the first half
  damage(kContent);
  EXPECT_EQ(found(), "first");
  damage(kHalf + kContent);
  EXPECT_FALSE(found());
}

TEST_F(StateFileTest, a_writer_that_died_half_way_has_changed_nothing) {
  file_.write("whole");
  const std::string next = pack({2, "never finished"});
  for (std::size_t size = 0; size < next.size(); ++size) {
    ASSERT_EQ(::pwrite(file_.descriptor(), next.data(), size, 0), static_cast<ssize_t>(size));
    ASSERT_EQ(found(), "whole") << size;
  }
}

TEST_F(StateFileTest, no_byte_of_a_half_can_change_unseen) {
  const std::string bytes = pack({5, "content"});
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_FALSE(unpack(damaged)) << i;
  }
}

TEST_F(StateFileTest, too_much_is_refused) {
  EXPECT_THROW(file_.write(std::string(StateFile::kMaxContent + 1, 'x')), std::length_error);
}

TEST(StateFile, a_descriptor_of_something_else_holds_none) {
  EXPECT_FALSE(StateFile(UniqueFd(::dup(STDIN_FILENO))).read());
}

}  // namespace
}  // namespace pyfault

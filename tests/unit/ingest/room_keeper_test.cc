// Room is promised to as many as there is room for, for as long as was said.
#include "watchdog/ingest/room_keeper.h"

#include <gtest/gtest.h>

#include <string>

namespace pyfault {
namespace {

using std::chrono::milliseconds;

class RoomKeeperTest : public ::testing::Test {
 protected:
  static constexpr uid_t kUser = 1000;
  static constexpr uid_t kOther = 1001;

  bool has_room(int pid, uid_t uid = kUser) {
    return keeper_.why_none(pid, uid, taken_, now_) == nullptr;
  }
  bool ask(int pid, uid_t uid = kUser) {
    const bool has = has_room(pid, uid);
    if (has) keeper_.keep(pid, uid, now_);
    return has;
  }
  std::string why_none(int pid, uid_t uid = kUser) {
    return keeper_.why_none(pid, uid, taken_, now_);
  }

  RoomKeeper keeper_{{.all = 3, .of_process = 2, .of_user = 2}};
  RoomKeeper::Rings taken_;
  RoomKeeper::Time now_{};
};

TEST_F(RoomKeeperTest, what_is_kept_for_one_is_taken_for_others) {
  taken_ = {.all = 1, .of_user = 1};
  EXPECT_TRUE(ask(7));
  EXPECT_TRUE(has_room(7));
  EXPECT_EQ(why_none(8), "too many of its user are watched");
}

TEST_F(RoomKeeperTest, what_is_kept_for_a_user_is_not_taken_from_another) {
  EXPECT_TRUE(ask(7));
  EXPECT_TRUE(ask(8));
  EXPECT_FALSE(ask(9));
  EXPECT_TRUE(ask(9, kOther));
}

TEST_F(RoomKeeperTest, all_together_are_promised_no_more_than_there_is) {
  taken_ = {.all = 2};
  EXPECT_TRUE(ask(7));
  EXPECT_EQ(why_none(8, kOther), "too many are watched");
}

TEST_F(RoomKeeperTest, one_that_asks_again_has_one_room_for_longer) {
  EXPECT_TRUE(ask(7));
  now_ += RoomKeeper::kKeptFor / 2;
  EXPECT_TRUE(ask(7));
  EXPECT_TRUE(ask(8));
  now_ += RoomKeeper::kKeptFor - milliseconds(1);
  EXPECT_FALSE(ask(9));
}

TEST_F(RoomKeeperTest, what_is_not_used_is_free_again) {
  EXPECT_TRUE(ask(7));
  EXPECT_TRUE(ask(8));
  now_ += RoomKeeper::kKeptFor - milliseconds(1);
  EXPECT_FALSE(has_room(9));
  now_ += milliseconds(1);
  EXPECT_TRUE(has_room(9));
}

TEST_F(RoomKeeperTest, what_is_used_counts_once) {
  EXPECT_TRUE(ask(7));
  keeper_.take(7);
  taken_ = {.all = 1, .of_user = 1};
  EXPECT_TRUE(ask(8));
}

TEST_F(RoomKeeperTest, one_process_has_only_so_many) {
  taken_ = {.all = 2, .of_process = 2};
  EXPECT_EQ(why_none(7), "it has attached too often");
}

}  // namespace
}  // namespace pyfault

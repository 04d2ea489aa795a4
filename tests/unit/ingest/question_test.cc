// A question may have any bytes, and is answered as soon as it can be, or in the end.
#include "watchdog/ingest/question.h"

#include <gmock/gmock.h>

#include <chrono>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "tests/support/fake_asker.h"
#include "tests/unit/ingest/crash_events.h"

namespace pyfault {
namespace {

using test::crash_of;
using test::question_bytes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

std::string why_refused(const std::vector<std::byte>& packet) {
  const Asked asked = parse_question(packet);
  const auto* refused = std::get_if<RefusedQuestion>(&asked);
  return refused ? refused->reason : "";
}

// Replaces the bytes at `offset`.
template <typename T>
std::vector<std::byte> with(std::vector<std::byte> packet, std::size_t offset, T value) {
  std::memcpy(packet.data() + offset, &value, sizeof value);
  return packet;
}

const std::vector<std::byte> kGoodQuestion = question_bytes(QuestionKind::kCrashesOf, {7, 8}, 500);

TEST(QuestionTest, says_what_it_asks) {
  const auto question = std::get<CrashQuestion>(parse_question(kGoodQuestion));
  EXPECT_EQ(question.kind, QuestionKind::kCrashesOf);
  EXPECT_THAT(question.pids, ElementsAre(7, 8));
  EXPECT_EQ(question.wait, 500ms);
}

TEST(QuestionTest, may_be_for_room) {
  const Asked asked = parse_question(question_bytes(QuestionKind::kRoom, {}));
  EXPECT_TRUE(std::holds_alternative<RoomQuestion>(asked));
}

TEST(QuestionTest, is_known_by_its_magic_whatever_its_version) {
  EXPECT_TRUE(is_question(kGoodQuestion));
  EXPECT_TRUE(is_question(with(kGoodQuestion, offsetof(Question, protocol), std::uint16_t{9})));
  EXPECT_FALSE(is_question(with(kGoodQuestion, 0, std::uint32_t{9})));
  EXPECT_FALSE(is_question(std::span(kGoodQuestion).first(4)));
  EXPECT_FALSE(is_question({}));
}

TEST(QuestionTest, one_of_another_version_is_refused_by_name) {
  const auto newer = with(kGoodQuestion, offsetof(Question, protocol), std::uint16_t{9});
  EXPECT_THAT(why_refused(newer), HasSubstr("version 1 of questions, and this is version 9"));
  EXPECT_THAT(why_refused({newer.begin(), newer.begin() + 6}), HasSubstr("version 9"));
}

TEST(QuestionTest, an_unknown_kind_is_refused) {
  EXPECT_THAT(why_refused(with(kGoodQuestion, offsetof(Question, kind), std::uint16_t{4})),
              HasSubstr("kind"));
}

TEST(QuestionTest, more_processes_than_it_may_name_are_refused) {
  EXPECT_THAT(why_refused(with(kGoodQuestion, offsetof(Question, count), std::uint32_t{257})),
              HasSubstr("256"));
  EXPECT_THAT(why_refused(with(kGoodQuestion, offsetof(Question, count), ~std::uint32_t{0})),
              HasSubstr("256"));
}

TEST(QuestionTest, a_wrong_length_is_refused) {
  for (std::size_t size = 6; size < kGoodQuestion.size(); ++size) {
    EXPECT_NE(why_refused({kGoodQuestion.begin(),
                           kGoodQuestion.begin() + static_cast<std::ptrdiff_t>(size)}),
              "");
  }
  auto longer = kGoodQuestion;
  longer.push_back({});
  EXPECT_THAT(why_refused(longer), HasSubstr("length"));
}

TEST(QuestionTest, a_number_that_no_process_has_is_refused) {
  EXPECT_NE(why_refused(question_bytes(QuestionKind::kCrashesOf, {7, 0})), "");
  EXPECT_NE(why_refused(question_bytes(QuestionKind::kCrashesOf, {-1})), "");
}

TEST(QuestionTest, nobody_waits_for_long) {
  const auto asked =
      parse_question(question_bytes(QuestionKind::kCrashesOf, {7}, ~std::uint32_t{0}));
  EXPECT_EQ(std::get<CrashQuestion>(asked).wait, 10s);
}

class HeldQuestionTest : public ::testing::Test {
 protected:
  static constexpr uid_t kUser = 1000;

  HeldQuestion held(std::vector<int> pids, std::chrono::milliseconds wait = 1s) const {
    return {CrashQuestion{QuestionKind::kCrashesOf, std::move(pids), wait}, start_};
  }
  bool is_due(HeldQuestion& question, std::chrono::milliseconds after = 0ms) {
    return question.is_due(start_ + after, crashes_, [this](int pid) {
      ++looks_;
      return living_.contains(pid);
    });
  }
  static std::string nothing(const Event&) { return ""; }

  const HeldQuestion::Time start_{};
  RecentCrashes crashes_{&nothing, &nothing};
  std::set<int> living_;
  int looks_ = 0;
};

TEST_F(HeldQuestionTest, a_known_crash_is_answered_at_once) {
  crashes_.on_event(crash_of(7, "id", kUser));
  HeldQuestion question = held({7});
  EXPECT_TRUE(is_due(question));
  EXPECT_THAT(question.answer(crashes_, kUser), ElementsAre(0));
}

TEST_F(HeldQuestionTest, a_process_that_died_without_a_crash_is_answered_at_once) {
  HeldQuestion question = held({7});
  EXPECT_TRUE(is_due(question));
  EXPECT_THAT(question.answer(crashes_, kUser), IsEmpty());
}

TEST_F(HeldQuestionTest, a_living_process_is_waited_for_until_the_limit) {
  living_ = {7};
  HeldQuestion question = held({7});
  EXPECT_FALSE(is_due(question));
  EXPECT_FALSE(is_due(question, 999ms));
  EXPECT_TRUE(is_due(question, 1000ms));
}

TEST_F(HeldQuestionTest, a_crash_whose_stack_is_being_unwound_is_waited_for) {
  crashes_.announce(crash_of(7, "id", kUser));
  HeldQuestion question = held({7});
  EXPECT_FALSE(is_due(question));
  crashes_.on_event(crash_of(7, "id", kUser));
  EXPECT_TRUE(is_due(question));
}

TEST_F(HeldQuestionTest, at_the_limit_a_crash_is_told_as_far_as_it_is_known) {
  crashes_.announce(crash_of(7, "id", kUser));
  HeldQuestion question = held({7});
  EXPECT_TRUE(is_due(question, 1000ms));
  EXPECT_THAT(question.answer(crashes_, kUser), ElementsAre(0));
}

TEST_F(HeldQuestionTest, all_processes_must_be_settled) {
  living_ = {7, 9};
  HeldQuestion question = held({7, 8, 9});
  EXPECT_FALSE(is_due(question));
  living_ = {9};
  crashes_.on_event(crash_of(7, "id", kUser));
  EXPECT_FALSE(is_due(question));
  living_ = {};
  EXPECT_TRUE(is_due(question));
  EXPECT_THAT(question.answer(crashes_, kUser), ElementsAre(0));
}

TEST_F(HeldQuestionTest, looking_at_many_processes_costs_one_look_each) {
  std::vector<int> pids;
  for (int pid = 1; pid <= 256; ++pid) pids.push_back(pid);
  living_ = {256};
  HeldQuestion question = held(pids);
  for (int look = 0; look < 100; ++look) EXPECT_FALSE(is_due(question));
  EXPECT_EQ(looks_, 255 + 100);
}

TEST_F(HeldQuestionTest, the_last_crash_waits_only_for_one_that_is_on_its_way) {
  HeldQuestion question({QuestionKind::kLastCrash, {}, 1s}, start_);
  EXPECT_TRUE(is_due(question));
  crashes_.announce(crash_of(7, "id", kUser));
  EXPECT_FALSE(is_due(question));
  EXPECT_TRUE(is_due(question, 1s));
}

TEST_F(HeldQuestionTest, a_process_named_twice_is_told_once) {
  crashes_.on_event(crash_of(8, "other", kUser));
  crashes_.on_event(crash_of(7, "id", kUser));
  EXPECT_THAT(held({7, 8, 7}).answer(crashes_, kUser), ElementsAre(0, 1));
}

}  // namespace
}  // namespace pyfault

// What a record says about a fault in a thread with an open guard.
#include "tests/unit/crash/decode_fixture.h"

namespace pyfault::test {
namespace {

class GuardedCrash : public DecodeTest {
 protected:
  Crash decided(GuardOutcome outcome) {
    record = RecordBuilder();
    begun().guard(outcome).end();
    return crash();
  }
};

TEST_F(GuardedCrash, has_become_an_exception) {
  const Crash crash = decided(GuardOutcome::kException);
  EXPECT_TRUE(crash.became_exception);
  EXPECT_EQ(crash.exception_refused, "");
  EXPECT_TRUE(crash.complete);
}

TEST_F(GuardedCrash, says_why_it_has_not) {
  const Crash crash = decided(GuardOutcome::kInAllocator);
  EXPECT_FALSE(crash.became_exception);
  EXPECT_EQ(crash.exception_refused, "allocator");
  EXPECT_EQ(crash.guard, "open, but no exception: the fault was in a memory allocator");
}

TEST_F(GuardedCrash, has_words_for_each_outcome) {
  for (std::uint32_t outcome = 2; outcome <= 10; ++outcome) {
    EXPECT_NE(decided(static_cast<GuardOutcome>(outcome)).exception_refused, "") << outcome;
  }
}

TEST_F(GuardedCrash, passes_over_what_a_later_agent_has_decided) {
  const Crash crash = decided(static_cast<GuardOutcome>(77));
  EXPECT_FALSE(crash.became_exception);
  EXPECT_TRUE(crash.complete);
}

TEST_F(GuardedCrash, was_none_if_nothing_is_said) {
  begun().end();
  EXPECT_EQ(crash().guard, "");
}

TEST_F(GuardedCrash, is_a_death_if_the_handler_did_not_get_to_its_end) {
  cut_short = CutShort::kFaultInHandler;
  EXPECT_FALSE(decided(GuardOutcome::kException).became_exception);
  cut_short = CutShort::kNone;
  published = false;
  EXPECT_FALSE(decided(GuardOutcome::kException).became_exception);
}

TEST_F(GuardedCrash, is_not_believed_if_the_record_also_says_that_it_is_fatal) {
  RuntimeSection runtime{};
  runtime.fatal = Known::kYes;
  record.fault().runtime(runtime).guard(GuardOutcome::kException).end();
  EXPECT_FALSE(crash().became_exception);
}

}  // namespace
}  // namespace pyfault::test

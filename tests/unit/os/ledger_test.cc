#include "watchdog/os/ledger.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>

#include <stdexcept>

namespace pyfault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kFirst(Ledger::kIdSize, '1');
const std::string kSecond(Ledger::kIdSize, '2');

class LedgerTest : public testing::Test {
 protected:
  // The ledger as the next watchdog opens it.
  Ledger next() const {
    return Ledger(UniqueFd(::fcntl(ledger_.descriptor(), F_DUPFD_CLOEXEC, 0)));
  }
  std::vector<std::string> inherited() const {
    std::vector<std::string> ids;
    for (const auto& each : next().take_inherited()) ids.push_back(each.id);
    return ids;
  }
  Receipt enter(const std::string& id, std::uint64_t word) {
    return ledger_.take(id, {kRing, kSlot, word});
  }

  static constexpr std::uint64_t kRing = 7;
  static constexpr std::uint64_t kSlot = 0;
  Ledger ledger_;
};

TEST_F(LedgerTest, what_is_on_its_way_is_inherited) {
  const Receipt first = enter(kFirst, 1);
  const Receipt second = enter(kSecond, 2);
  EXPECT_THAT(inherited(), ElementsAre(kFirst, kSecond));
}

TEST_F(LedgerTest, what_has_arrived_is_not) {
  Receipt first = enter(kFirst, 1);
  const Receipt copy = first;
  first.reset();
  const Receipt second = enter(kSecond, 2);
  { const Receipt arrived = enter(kFirst, 1); }
  EXPECT_THAT(inherited(), ElementsAre(kFirst, kSecond));
}

TEST_F(LedgerTest, what_is_inherited_is_the_next_ones_until_it_has_told_of_it) {
  // Static, because a receipt settles its entry when it is destroyed; the watchdog has died before
  // that.
  static const Receipt unsettled = enter(kFirst, 1);
  Ledger after = next();
  auto lost = after.take_inherited();
  EXPECT_THAT(inherited(), ElementsAre(kFirst));
  lost.clear();
  EXPECT_THAT(inherited(), IsEmpty());
}

// The watchdog was killed between the entry and the mark in the ring, so its successor finds the
// record in the ring and reports it.
TEST_F(LedgerTest, a_record_that_is_entered_again_was_not_lost) {
  static const Receipt unsettled = enter(kFirst, 1);
  static const Receipt lost = enter(kSecond, 2);
  Ledger after = next();
  const Receipt again = after.take("again", {kRing, kSlot, 1});
  const auto left = after.take_inherited();
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].id, kSecond);
}

TEST_F(LedgerTest, a_report_may_stand_for_many_records) {
  static const Receipt unsettled =
      ledger_.take(kFirst, {kRing, ReportSource::kDroppedRecords, 0}, 5);
  EXPECT_EQ(next().take_inherited().at(0).records, 5U);
}

TEST_F(LedgerTest, a_receipt_may_outlive_its_ledger) {
  Receipt receipt;
  {
    Ledger ledger;
    receipt = ledger.take(kFirst, {});
  }
  receipt.reset();
}

TEST_F(LedgerTest, there_is_room_for_so_many) {
  std::vector<Receipt> all;
  for (std::size_t i = 0; i < Ledger::kMaxEntries; ++i) all.push_back(enter(kFirst, 1));
  EXPECT_TRUE(all.back());
  EXPECT_FALSE(enter(kSecond, 2));
  all.pop_back();
  EXPECT_TRUE(enter(kSecond, 2));
}

TEST_F(LedgerTest, what_is_no_ledger_is_refused) {
  EXPECT_THROW(Ledger(UniqueFd(::memfd_create("small", MFD_CLOEXEC))), std::runtime_error);
  EXPECT_THROW(Ledger{UniqueFd()}, std::runtime_error);
}

}  // namespace
}  // namespace pyfault

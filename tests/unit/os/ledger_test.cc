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
    for (const auto& each : next().inherit()) ids.push_back(each.id);
    return ids;
  }

  Ledger ledger_;
};

TEST_F(LedgerTest, what_is_on_its_way_is_inherited) {
  const Receipt first = ledger_.take(kFirst);
  const Receipt second = ledger_.take(kSecond);
  EXPECT_THAT(inherited(), ElementsAre(kFirst, kSecond));
}

TEST_F(LedgerTest, what_has_arrived_is_not) {
  Receipt first = ledger_.take(kFirst);
  const Receipt copy = first;
  first.reset();
  const Receipt second = ledger_.take(kSecond);
  { const Receipt arrived = ledger_.take(kFirst); }
  EXPECT_THAT(inherited(), ElementsAre(kFirst, kSecond));
}

TEST_F(LedgerTest, what_is_inherited_is_the_next_ones_until_it_has_told_of_it) {
  // Static, because a receipt settles its entry when it is destroyed; the watchdog has died before
  // that.
  static const Receipt unsettled = ledger_.take(kFirst);
  Ledger after = next();
  auto lost = after.inherit();
  EXPECT_THAT(inherited(), ElementsAre(kFirst));
  lost.clear();
  EXPECT_THAT(inherited(), IsEmpty());
}

TEST_F(LedgerTest, a_receipt_may_outlive_its_ledger) {
  Receipt receipt;
  {
    Ledger ledger;
    receipt = ledger.take(kFirst);
  }
  receipt.reset();
}

TEST_F(LedgerTest, there_is_room_for_so_many) {
  std::vector<Receipt> all;
  for (std::size_t i = 0; i < Ledger::kMaxEntries; ++i) all.push_back(ledger_.take(kFirst));
  EXPECT_TRUE(all.back());
  EXPECT_FALSE(ledger_.take(kSecond));
  all.pop_back();
  EXPECT_TRUE(ledger_.take(kSecond));
}

TEST_F(LedgerTest, what_is_no_ledger_is_refused) {
  EXPECT_THROW(Ledger(UniqueFd(::memfd_create("small", MFD_CLOEXEC))), std::runtime_error);
  EXPECT_THROW(Ledger{UniqueFd()}, std::runtime_error);
}

}  // namespace
}  // namespace pyfault

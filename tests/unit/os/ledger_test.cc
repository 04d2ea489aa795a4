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
  // As the watchdog after this one sees it.
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

TEST_F(LedgerTest, WhatIsOnItsWayIsInherited) {
  const Receipt first = ledger_.take(kFirst);
  const Receipt second = ledger_.take(kSecond);
  EXPECT_THAT(inherited(), ElementsAre(kFirst, kSecond));
}

TEST_F(LedgerTest, WhatHasArrivedIsNot) {
  Receipt first = ledger_.take(kFirst);
  const Receipt copy = first;
  first.reset();
  const Receipt second = ledger_.take(kSecond);
  { const Receipt arrived = ledger_.take(kFirst); }
  EXPECT_THAT(inherited(), ElementsAre(kFirst, kSecond));
}

TEST_F(LedgerTest, WhatIsInheritedIsTheNextOnesUntilItHasToldOfIt) {
  // The watchdog dies: nobody settles this one while the test runs.
  static const Receipt unsettled = ledger_.take(kFirst);
  Ledger after = next();
  auto lost = after.inherit();
  EXPECT_THAT(inherited(), ElementsAre(kFirst));
  lost.clear();
  EXPECT_THAT(inherited(), IsEmpty());
}

TEST_F(LedgerTest, AReceiptMayOutliveItsLedger) {
  Receipt receipt;
  {
    Ledger ledger;
    receipt = ledger.take(kFirst);
  }
  receipt.reset();
}

TEST_F(LedgerTest, ThereIsRoomForSoMany) {
  std::vector<Receipt> all;
  for (std::size_t i = 0; i < Ledger::kMost; ++i) all.push_back(ledger_.take(kFirst));
  EXPECT_TRUE(all.back());
  EXPECT_FALSE(ledger_.take(kSecond));
  all.pop_back();
  EXPECT_TRUE(ledger_.take(kSecond));
}

TEST_F(LedgerTest, WhatIsNoLedgerIsRefused) {
  EXPECT_THROW(Ledger(UniqueFd(::memfd_create("small", MFD_CLOEXEC))), std::runtime_error);
  EXPECT_THROW(Ledger{UniqueFd()}, std::runtime_error);
}

}  // namespace
}  // namespace pyfault

// The reports in flight to a log, kept in memory that outlives this process: the watchdog that
// follows a killed one can tell which reports were lost with it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// An entry stays in flight as long as any copy of its receipt lives.
using Receipt = std::shared_ptr<const void>;

// What a report is made of, in a ring: a record, or the count of those that found no room. Unique
// as long as the ring exists. Or a dead process whose ring has not been read yet.
struct ReportSource {
  static constexpr std::uint64_t kArrival = UINT64_MAX;
  static constexpr std::uint64_t kDroppedRecords = UINT64_MAX;

  std::uint64_t ring = 0;  // or kArrival
  std::uint64_t slot = 0;  // its number, or kDroppedRecords; of an arrival the process
  std::uint64_t word = 0;  // the slot's state, which counts its records; the count told before; or
                           // the time of the arrival

  bool operator==(const ReportSource&) const = default;
};

class Ledger {
 public:
  // Creates a new ledger. Throws std::system_error.
  Ledger();

  // Takes over the ledger of a previous watchdog. Throws std::runtime_error if `fd` is not a
  // ledger.
  explicit Ledger(UniqueFd fd);

  int descriptor() const { return fd_.get(); }

  // Enters a report, by an id of kIdSize characters, until the last copy of the receipt is
  // destroyed, which may happen in any thread. Returns null if there are kMaxEntries entries
  // already. `records`: how many the report stands for; 0: perhaps one. What a previous watchdog
  // has entered, and not marked as reported before it was killed, is entered again; the earlier
  // entry is removed, for nothing was lost.
  Receipt take(std::string_view id, const ReportSource& source, std::uint32_t records = 1);

  // The entries that a previous watchdog left in flight, except those that have been entered
  // again. Call it once, when all rings of that watchdog have been read. They stay in the ledger
  // until their receipts are destroyed, so they are not forgotten if this process is killed too.
  struct Inherited {
    std::string id;
    ReportSource source;
    std::uint32_t records = 1;
    Receipt receipt;
  };
  std::vector<Inherited> take_inherited();
  bool has_inherited() const { return !inherited_.empty(); }

  static constexpr std::size_t kIdSize = 32;
  static constexpr std::size_t kMaxEntries = 1024;

 private:
  struct Page;
  struct Entry;

  Receipt receipt_for(Entry& entry) const;

  UniqueFd fd_;
  std::shared_ptr<Page> page_;  // receipts may outlive the ledger
  std::vector<Inherited> inherited_;
};

// Ledger::take() of the ledger that the service keeps.
using TakeReceipt =
    std::function<Receipt(std::string_view id, const ReportSource& source, std::uint32_t records)>;

}  // namespace pyfault

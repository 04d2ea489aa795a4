// The reports in flight to a log, kept in memory that outlives this process: the watchdog that
// follows a killed one can tell which reports were lost with it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// An entry stays in flight as long as any copy of its receipt lives.
using Receipt = std::shared_ptr<const void>;

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
  // already.
  Receipt take(std::string_view id);

  // The entries that a previous watchdog left in flight. Call it once, before take(). They stay in
  // the ledger until their receipts are destroyed, so they are not forgotten if this process is
  // killed too.
  struct Inherited {
    std::string id;
    Receipt receipt;
  };
  std::vector<Inherited> inherit();

  static constexpr std::size_t kIdSize = 32;
  static constexpr std::size_t kMaxEntries = 1024;

 private:
  struct Page;
  struct Entry;

  Receipt receipt_for(Entry& entry) const;

  UniqueFd fd_;
  std::shared_ptr<Page> page_;  // receipts may outlive the ledger
};

}  // namespace pyfault

// The reports that are on their way to a log, in memory that outlives us: a watchdog that comes
// after one that was killed tells which were lost with it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/os/unique_fd.h"

namespace pyfault {

// While it, or a copy of it, is there, what it stands for is on its way.
using Receipt = std::shared_ptr<const void>;

class Ledger {
 public:
  // A new one. Throws std::system_error.
  Ledger();

  // Goes on with that of another watchdog. Throws std::runtime_error when it is none.
  explicit Ledger(UniqueFd fd);

  int descriptor() const { return fd_.get(); }

  // One more is on its way, with an id of kIdSize characters; until the last copy of the receipt
  // has gone, in any thread. None when there are kMost already.
  Receipt take(std::string_view id);

  // What another watchdog has left on its way; to be called once, before take(). It is in the
  // ledger until the receipt has gone, so that it is not forgotten should we be killed too.
  struct Inherited {
    std::string id;
    Receipt receipt;
  };
  std::vector<Inherited> inherit();

  static constexpr std::size_t kIdSize = 32;
  static constexpr std::size_t kMost = 1024;

 private:
  struct Page;
  struct Entry;

  Receipt receipt_for(Entry& entry) const;

  UniqueFd fd_;
  std::shared_ptr<Page> page_;  // receipts may outlive us
};

}  // namespace pyfault

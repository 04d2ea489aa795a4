#include "watchdog/os/ledger.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <boost/interprocess/mapped_region.hpp>
#include <cstdint>
#include <cstring>
#include <span>
#include <stdexcept>
#include <utility>

#include "watchdog/os/require.h"

namespace pyfault {
namespace {

namespace interprocess = boost::interprocess;

// Models Boost.Interprocess's MemoryMappable concept.
struct LedgerFile {
  int fd;
  interprocess::mapping_handle_t get_mapping_handle() const { return {fd, false}; }
};

constexpr std::size_t kSize = std::size_t{128} << 10;

UniqueFd make_file() {
  UniqueFd fd(::memfd_create("pyfault-ledger", MFD_CLOEXEC));
  require(bool{fd} && ::ftruncate(fd.get(), kSize) == 0, "memfd_create");
  return fd;
}

}  // namespace

struct Ledger::Entry {
  ReportSource source;
  char id[kIdSize];
  std::uint32_t records;
  std::atomic<std::uint32_t> is_used;
};

struct Ledger::Page {
  static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
  static_assert(kMaxEntries * sizeof(Entry) <= kSize);

  explicit Page(int fd) : region(LedgerFile{fd}, interprocess::read_write, 0, kSize) {}

  std::span<Entry> entries() {
    return {static_cast<Entry*>(region.get_address()), Ledger::kMaxEntries};
  }

  interprocess::mapped_region region;
};

Ledger::Ledger() : Ledger(make_file()) {}

Ledger::Ledger(UniqueFd fd) : fd_(std::move(fd)) {
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0 || status.st_size != static_cast<off_t>(kSize)) {
    throw std::runtime_error("no ledger");
  }
  page_ = std::make_shared<Page>(fd_.get());
  for (Entry& entry : page_->entries()) {
    if (entry.is_used == 0) continue;
    inherited_.push_back(
        {std::string(entry.id, kIdSize), entry.source, entry.records, receipt_for(entry)});
  }
}

// Each receipt keeps the page alive.
Receipt Ledger::receipt_for(Entry& entry) const {
  return {&entry, [page = page_](Entry* settled) { settled->is_used = 0; }};
}

// The content is written before the entry is marked as used.
Receipt Ledger::take(std::string_view id, const ReportSource& source, std::uint32_t records) {
  const auto entries = page_->entries();
  const auto free = std::ranges::find_if(entries, [](const Entry& each) { return !each.is_used; });
  if (free == entries.end()) return nullptr;
  free->source = source;
  free->records = records;
  std::memcpy(free->id, id.data(), std::min(id.size(), kIdSize));
  free->is_used = 1;
  std::erase_if(inherited_, [&](const Inherited& each) { return each.source == source; });
  return receipt_for(*free);
}

std::vector<Ledger::Inherited> Ledger::take_inherited() {
  return std::exchange(inherited_, {});
}

}  // namespace pyfault

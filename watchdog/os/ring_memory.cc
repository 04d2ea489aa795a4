#include "watchdog/os/ring_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/interprocess/mapped_region.hpp>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "shared/context.h"

namespace pyfault {
namespace {

namespace interprocess = boost::interprocess;

// Models Boost.Interprocess's MemoryMappable concept.
struct Mappable {
  int fd;
  interprocess::mapping_handle_t get_mapping_handle() const { return {fd, false}; }
};

}  // namespace

// Without the seals the file could shrink under the mapping, or be rejected by the next watchdog.
RingFile::RingFile(UniqueFd fd) : fd_(std::move(fd)) {
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  struct stat status {};
  const int seals = fcntl(fd_.get(), F_GET_SEALS);
  if (seals < 0 || fstat(fd_.get(), &status) != 0)
    throw std::runtime_error("its ring is not a memfd");
  if ((seals & kSeals) != kSeals) throw std::runtime_error("its ring is not sealed");
  if (status.st_size != static_cast<off_t>(kRingSize)) {
    throw std::runtime_error("its ring has another size");
  }
  id_ = status.st_ino;
}

RingMemory::RingMemory(const RingFile& file)
    : region_(std::make_unique<Region>(Mappable{file.descriptor()}, interprocess::read_write, 0,
                                       kRingSize)) {}
RingMemory::RingMemory(RingMemory&&) noexcept = default;
RingMemory& RingMemory::operator=(RingMemory&&) noexcept = default;
RingMemory::~RingMemory() = default;

void* RingMemory::address() const {
  return region_->get_address();
}

void RingMemory::give_back(std::uint32_t slot, std::size_t committed) {
  constexpr std::size_t kKept = kSlotKeptBytes - sizeof(SlotHeader);
  std::byte* const payload = slot_payload(ring_slot(address(), slot));
  std::memset(payload, 0, std::min(committed, kKept));
  if (committed <= kKept) return;
  // Punches a hole in the memfd. If that fails, what lies there is wiped as well.
  if (madvise(payload + kKept, kSlotSize - kSlotKeptBytes, MADV_REMOVE) != 0) {
    std::memset(payload + kKept, 0, committed - kKept);
  }
}

void RingMemory::give_back_context(std::uint32_t block) {
  void* const bytes = ring_context(address(), block);
  if (madvise(bytes, kContextSize, MADV_REMOVE) != 0) std::memset(bytes, 0, kContextSize);
}

}  // namespace pyfault

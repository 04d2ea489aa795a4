#include "watchdog/os/ring_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <boost/interprocess/mapped_region.hpp>
#include <new>
#include <stdexcept>
#include <utility>

#include "shared/ring_layout.h"
#include "watchdog/os/require.h"

namespace pyfault {
namespace {

namespace interprocess = boost::interprocess;

// Models Boost.Interprocess's MemoryMappable.
struct Mappable {
  int fd;
  interprocess::mapping_handle_t get_mapping_handle() const { return {fd, false}; }
};

std::unique_ptr<interprocess::mapped_region> map(const RingFile& file) {
  return std::make_unique<interprocess::mapped_region>(Mappable{file.descriptor()},
                                                       interprocess::read_write, 0, kRingSize);
}

}  // namespace

RingFile::RingFile() : fd_(memfd_create("pyfault-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {
  require(bool{fd_}, "memfd_create");
  require(ftruncate(fd_.get(), kRingSize) == 0, "ftruncate");
  require(fcntl(fd_.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0,
          "F_ADD_SEALS");
}

// Without the seals it might shrink under our mapping.
RingFile::RingFile(UniqueFd fd) : fd_(std::move(fd)) {
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW;
  struct stat status {};
  const int seals = fcntl(fd_.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSeals) != kSeals || fstat(fd_.get(), &status) != 0 ||
      status.st_size != static_cast<off_t>(kRingSize)) {
    throw std::runtime_error("it is no ring");
  }
}

RingMemory::RingMemory(std::unique_ptr<Region> region) : region_(std::move(region)) {}
RingMemory::RingMemory(RingMemory&&) noexcept = default;
RingMemory& RingMemory::operator=(RingMemory&&) noexcept = default;
RingMemory::~RingMemory() = default;

RingMemory RingMemory::as_it_is(const RingFile& file) {
  return RingMemory(map(file));
}

RingMemory::RingMemory(const RingFile& file) : region_(map(file)) {
  new (address()) RingHeader{kRingMagic, kRingVersion, kSlotCount, kSlotSize, {0}};
}

void* RingMemory::address() const {
  return region_->get_address();
}

void RingMemory::give_back(std::uint32_t slot, std::size_t committed) {
  if (sizeof(SlotHeader) + committed <= kSlotKeptBytes) return;
  auto* begin = reinterpret_cast<std::byte*>(ring_slot(address(), slot)) + kSlotKeptBytes;
  // Punches a hole in the memfd. Should it fail, the memory is merely kept.
  madvise(begin, kSlotSize - kSlotKeptBytes, MADV_REMOVE);
}

}  // namespace pyfault

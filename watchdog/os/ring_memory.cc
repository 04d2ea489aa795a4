#include "watchdog/os/ring_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "shared/ring_layout.h"

namespace pyfault {
namespace {

void require(bool done, const char* what) {
  if (!done) throw std::system_error(errno, std::generic_category(), what);
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

RingMemory RingMemory::as_it_is(const RingFile& file) {
  return RingMemory(
      boost::interprocess::mapped_region(file, boost::interprocess::read_write, 0, kRingSize));
}

RingMemory::RingMemory(const RingFile& file)
    : region_(file, boost::interprocess::read_write, 0, kRingSize) {
  new (region_.get_address()) RingHeader{kRingMagic, kRingVersion, kSlotCount, kSlotSize, {0}};
}

void RingMemory::give_back(std::uint32_t slot, std::size_t committed) {
  if (sizeof(SlotHeader) + committed <= kSlotKeptBytes) return;
  auto* begin = reinterpret_cast<std::byte*>(ring_slot(address(), slot)) + kSlotKeptBytes;
  // Punches a hole in the memfd. Should it fail, the memory is merely kept.
  madvise(begin, kSlotSize - kSlotKeptBytes, MADV_REMOVE);
}

}  // namespace pyfault

#include "watchdog/os/ring_memory.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <new>
#include <system_error>

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

// The memory of a ring: a sealed memfd that an agent has made, and the watchdog's mapping of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "watchdog/os/unique_fd.h"

namespace boost::interprocess {
class mapped_region;
}

namespace pyfault {

// A memfd of kRingSize bytes that nobody can shrink or grow: a mapping of it never faults. Needed
// only until it has been mapped and kept.
class RingFile {
 public:
  // Throws std::runtime_error when it is none.
  explicit RingFile(UniqueFd fd);

  int descriptor() const { return fd_.get(); }

  // Its inode number, by which an agent names it in a wake-up.
  std::uint64_t id() const { return id_; }

 private:
  UniqueFd fd_;
  std::uint64_t id_ = 0;
};

// The watchdog's mapping. Costs address space alone until slots are used.
class RingMemory {
 public:
  // Throws boost::interprocess::interprocess_exception.
  explicit RingMemory(const RingFile& file);

  RingMemory(RingMemory&&) noexcept;
  RingMemory& operator=(RingMemory&&) noexcept;
  ~RingMemory();

  void* address() const;

  // Gives the pages of a slot that held `committed` payload bytes back to the system, but for its
  // first kSlotKeptBytes, which the next small record will find in place. The slot must not be
  // free: a new owner's bytes would be lost.
  void give_back(std::uint32_t slot, std::size_t committed);

 private:
  using Region = boost::interprocess::mapped_region;

  std::unique_ptr<Region> region_;
};

}  // namespace pyfault

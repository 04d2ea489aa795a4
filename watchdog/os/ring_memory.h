// The memory of a ring: a sealed memfd created by an agent, and the watchdog's mapping of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "watchdog/os/unique_fd.h"

namespace boost::interprocess {
class mapped_region;
}

namespace pyfault {

// A memfd of kRingSize bytes that is sealed against shrinking and growing, so a mapping of it never
// faults. Needed only until it has been mapped and stored.
class RingFile {
 public:
  // Throws std::runtime_error if `fd` is not a valid ring.
  explicit RingFile(UniqueFd fd);

  int descriptor() const { return fd_.get(); }

  // The inode number, by which an agent identifies the ring in a wake-up.
  std::uint64_t id() const { return id_; }

 private:
  UniqueFd fd_;
  std::uint64_t id_ = 0;
};

// The watchdog's mapping. It costs only address space until slots are used.
class RingMemory {
 public:
  // Throws boost::interprocess::interprocess_exception.
  explicit RingMemory(const RingFile& file);

  RingMemory(RingMemory&&) noexcept;
  RingMemory& operator=(RingMemory&&) noexcept;
  ~RingMemory();

  void* address() const;

  // Wipes a slot that held `committed` payload bytes, for they may contain secrets of the program,
  // and returns its pages to the system, except the first kSlotKeptBytes, so that the next small
  // record needs no new page. The slot must not be free: otherwise the bytes of a new owner would
  // be lost.
  void give_back(std::uint32_t slot, std::size_t committed);

  // Wipes a block of context.h and returns its pages to the system. Its owner must be dead.
  void give_back_context(std::uint32_t block);

 private:
  using Region = boost::interprocess::mapped_region;

  std::unique_ptr<Region> region_;
};

}  // namespace pyfault

// The memory of a ring: a sealed memfd for the agent, and the watchdog's mapping of it.
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
// only until it has been mapped and sent.
class RingFile {
 public:
  RingFile();  // throws std::system_error

  // One that another process has made. Throws std::runtime_error when it is none.
  explicit RingFile(UniqueFd fd);

  int descriptor() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

// The watchdog's mapping. Costs address space alone until slots are used.
class RingMemory {
 public:
  // Maps the file and writes the ring's header. Throws boost::interprocess::interprocess_exception.
  explicit RingMemory(const RingFile& file);

  // With all that has been written to it. Throws likewise.
  static RingMemory as_it_is(const RingFile& file);

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

  explicit RingMemory(std::unique_ptr<Region> region);

  std::unique_ptr<Region> region_;
};

}  // namespace pyfault

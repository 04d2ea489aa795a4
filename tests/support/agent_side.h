// What an agent does to its ring, in terms of a test.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/interprocess/mapped_region.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "shared/ring_layout.h"
#include "shared/ring_writer.h"
#include "tests/support/record_builder.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault::test {

// Wraps a descriptor so that Boost.Interprocess can map it.
struct Mappable {
  int fd;
  boost::interprocess::mapping_handle_t get_mapping_handle() const { return {fd, false}; }
};

inline RecordBuilder whole_record(const std::string& file = "app.py") {
  return RecordBuilder()
      .fault()
      .runtime()
      .code(file.c_str(), "main")
      .crashed_thread({at(0, 1)})
      .end();
}

// Of a process that is bound to die of the signal.
inline RecordBuilder fatal_record() {
  RuntimeSection runtime{};
  runtime.fatal = Known::kYes;
  return RecordBuilder().fault().runtime(runtime).end();
}

inline constexpr int kRingSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

// Creates a ring as an agent does. A hostile agent may leave out seals or choose another size.
inline UniqueFd make_ring(int seals = kRingSeals, std::size_t size = kRingSize) {
  UniqueFd fd(::memfd_create("pyfault-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, seals) != 0) {
    throw std::runtime_error("no ring can be made");
  }
  return fd;
}

inline std::uint64_t ring_id(const UniqueFd& ring) {
  struct stat status {};
  ::fstat(ring.get(), &status);
  return status.st_ino;
}

class AgentSide {
 public:
  explicit AgentSide(const UniqueFd& ring)
      : region_(Mappable{ring.get()}, boost::interprocess::read_write), id_(ring_id(ring)) {
    header().magic = kRingMagic;
    header().version = kRingVersion;
    header().slot_count = kSlotCount;
    header().slot_size = kSlotSize;
    header().id = id_;
    header().slots_end = kSlotCount;  // tests write to slots without claiming them
  }

  void* ring() const { return region_.get_address(); }
  RingHeader& header() const { return *ring_header(ring()); }
  std::uint64_t id() const { return id_; }
  SlotHeader& slot(std::uint32_t index = 0) const { return *ring_slot(ring(), index); }
  SlotState state(std::uint32_t index = 0) const {
    return SlotWord::unpack(slot(index).state).state;
  }
  RingStage stage() const { return header().stage; }

  SlotWriter begin(int pid, const RecordBuilder& record) const {
    SlotWriter writer = SlotWriter::claim(ring(), pid);
    writer.append(record.bytes().data(), record.size());
    writer.commit();
    return writer;
  }
  void publish(int pid, const RecordBuilder& record = whole_record()) const {
    begin(pid, record).publish();
  }

  void enter_child(int pid, std::uint32_t cell = 0) const {
    header().children[cell] = pid;
    if (header().children_end <= cell) header().children_end = cell + 1;
  }
  void replace_handler(int signal) const {
    header().replaced_handlers |= std::uint64_t{1} << (signal - 1);
  }
  void lose_child(int parent, int signal, std::uint16_t times = 1) const {
    LostVforkChild last = LostVforkChild::unpack(header().lost_child);
    header().lost_child = LostVforkChild{static_cast<std::uint16_t>(last.count + times),
                                         static_cast<std::uint16_t>(signal), parent}
                              .pack();
  }

 private:
  boost::interprocess::mapped_region region_;
  std::uint64_t id_;
};

}  // namespace pyfault::test

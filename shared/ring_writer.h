// Claims a slot of the ring, fills it section by section and publishes it.
//
// Context: any thread, any signal handler. No system call, no lock, no allocation, never waits.
// The writer keeps its own cursor and never reads back what it wrote: the memory is shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "shared/record.h"
#include "shared/ring_layout.h"

namespace pyfault {

// What a writer waits on for its ack: the slot's futex word no longer holds `expected`.
struct PublishedSlot {
  const std::atomic<std::uint32_t>* futex;
  std::uint32_t expected;
};

// Ownership of one claimed slot. Move-only; a writer that is dropped without publishing leaves the
// slot claimed, which the watchdog salvages when the process is dead.
class SlotWriter {
 public:
  SlotWriter() = default;  // owns nothing
  // Owns nothing when every slot is taken.
  static SlotWriter claim(void* ring, std::int32_t pid);

  SlotWriter(SlotWriter&& other) noexcept { take(other); }
  SlotWriter& operator=(SlotWriter&& other) noexcept {
    take(other);
    return *this;
  }
  SlotWriter(const SlotWriter&) = delete;
  SlotWriter& operator=(const SlotWriter&) = delete;
  ~SlotWriter() = default;

  explicit operator bool() const { return slot_ != nullptr; }
  // Room is always kept for append_end().
  std::size_t room() const { return kSlotPayload - sizeof(EndSection) - cursor_; }

  // The next `size` bytes of the payload, to be written at once; null when there is no room.
  std::byte* reserve(std::size_t size) {
    if (size > room()) return nullptr;
    std::byte* bytes = slot_payload(slot_) + cursor_;
    cursor_ += size;
    return bytes;
  }
  bool append(const void* bytes, std::size_t size) {
    std::byte* to = reserve(size);
    if (to != nullptr) std::memcpy(to, bytes, size);
    return to != nullptr;
  }
  // Where the next byte goes, and back to there.
  std::size_t cursor() const { return cursor_; }
  void rewind(std::size_t cursor) { cursor_ = cursor; }
  // Zeroes up to the next multiple of kRecordAlignment.
  bool pad();

  // A section runs from begin() to end(), which fills in its size. commit() makes everything so
  // far valid for the reader; rollback() forgets everything since the last commit.
  bool begin_section(const void* section, std::size_t size) {
    section_ = cursor_;
    return append(section, size);
  }
  bool end_section();
  void commit();
  void rollback() { cursor_ = committed_; }

  // The last section, committed at once.
  void append_end(const EndSection& end);

  void cut_short(CutShort reason);
  PublishedSlot publish();

 private:
  void take(SlotWriter& other);

  SlotHeader* slot_ = nullptr;
  std::uint64_t word_ = 0;
  std::size_t cursor_ = 0;
  std::size_t committed_ = 0;
  std::size_t section_ = 0;
};

}  // namespace pyfault

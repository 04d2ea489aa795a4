// Claims a slot of the ring, fills it section by section and publishes it.
//
// Context: any thread, signal handlers included. Makes no system call, takes no lock, does not
// allocate and never waits. The writer keeps its own cursor and never reads back what it wrote,
// because the memory is shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "shared/record.h"
#include "shared/ring_layout.h"

namespace pyfault {

// What a writer waits on for its ack, which has come when `*futex` no longer equals `expected`.
struct PublishedSlot {
  const std::atomic<std::uint32_t>* futex;
  std::uint32_t expected;
  const SlotHeader* slot;
};

// Returns the id of the report that a watchdog has made of the record, once the ack has come; zeros
// if there is none.
ReportId read_report_id(const PublishedSlot& published);

// Owns one claimed slot. Move-only. A writer that is destroyed without publishing leaves the slot
// claimed; the watchdog salvages it when the process is dead.
class SlotWriter {
 public:
  SlotWriter() = default;  // owns nothing
  // Returns a writer that owns nothing if every slot is taken.
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
  // Returns the number of free payload bytes, without those reserved for append_end().
  std::size_t room() const { return kSlotPayload - sizeof(EndSection) - cursor_; }

  // Returns the next `size` bytes of the payload, which the caller must write at once; null if
  // there is no room.
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
  // cursor() returns the position of the next byte; rewind() goes back to such a position.
  std::size_t cursor() const { return cursor_; }
  void rewind(std::size_t cursor) { cursor_ = cursor; }
  // Appends zeroes up to the next multiple of kRecordAlignment. Returns false if there is no room.
  bool pad();

  // A section extends from begin_section() to end_section(), which pads it and fills in its size.
  // commit() makes everything so far valid for the reader; rollback() discards everything since the
  // last commit.
  bool begin_section(const void* section, std::size_t size) {
    section_ = cursor_;
    return append(section, size);
  }
  bool end_section();
  void commit();
  void rollback() { cursor_ = committed_; }

  // Appends the last section, for which there is always room, and commits.
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

// The watchdog's side of the ring (ring_layout.h): looks at slots, copies payloads out, gives slots
// back.
//
// Trusts nothing in the mapping. Every word is loaded once; payload bytes are copied once and never
// looked at in place; offsets come from ring_layout.h, not from the ring's header. A hostile
// process may write to the mapping at any moment: what is copied out may be nonsense, but no call
// here reads or writes outside the mapping, waits, or loops on what it finds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/ring_layout.h"

namespace pyfault {

enum class SlotFinding {
  kFree,
  kClaimed,
  kPublished,
  kGarbage,  // a word that no writer makes: release() it
};

struct SlotLook {
  SlotFinding finding;
  std::int32_t owner;  // > 0 when claimed or published
  std::uint64_t word;  // what release() expects to find
};

class RingReader {
 public:
  // `ring`: a writable mapping of kRingSize bytes that outlives the reader.
  explicit RingReader(void* ring) : ring_(ring) {}

  // The slots that may have been claimed are those below; at most kSlotCount. To look at another
  // one would cost a page of memory.
  std::uint32_t slots_end() const;

  // index < kSlotCount, here and below.
  SlotLook look(std::uint32_t index) const;

  // Valid payload bytes as the slot says now, at most kSlotPayload.
  std::size_t committed(std::uint32_t index) const;

  // Copies the first `size` payload bytes, size <= kSlotPayload. For the bytes to be whole, `size`
  // must come from committed() called before.
  void copy_out(std::uint32_t index, std::byte* to, std::size_t size) const;

  // May hold a value that CutShort does not name.
  CutShort cut_short(std::uint32_t index) const;

  // Whether this record, in the slot as it was looked at, has been taken to be reported.
  bool is_taken(std::uint32_t index, std::uint64_t word) const;
  void mark_taken(std::uint32_t index, std::uint64_t word);

  // Frees the slot and wakes whoever waits for the ack. False when the word is no longer
  // `expected`, and then nothing is changed.
  bool release(std::uint32_t index, std::uint64_t expected);

  // Of the ring, since it was made; wraps around.
  std::uint32_t dropped_records() const;   // that found no free slot
  std::uint32_t unknown_children() const;  // that found no free cell

  // Bit n - 1: signal n.
  std::uint64_t replaced_handlers() const;
  // The count of all, and the last one.
  LostChild lost_child() const;

  // The cells that may be used are those below; at most kMostChildren.
  std::uint32_t children_end() const;
  // cell < kMostChildren, here and below. Any number at all, 0 for a free cell.
  std::int32_t child(std::uint32_t cell) const;
  void remove_child(std::uint32_t cell, std::int32_t expected);

  void set_ack_timeout(std::uint32_t milliseconds);
  // Seen by whoever enters the children after it, who is seen by us if before.
  void set_stage(RingStage stage);

 private:
  void* ring_;
};

}  // namespace pyfault

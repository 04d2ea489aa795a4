// The ring: shared memory between one agent (and its forked children) and the watchdog.
//
// Promise. A process can claim a slot, fill it and publish it with plain memory accesses and
// futexes, from a signal handler, without ever blocking on the watchdog. A writer that dies at any
// moment leaves a state that the reader can name. Nothing here is trusted by the reader: it copies
// a slot out and validates the copy (record.h); it knows the geometry from its own constants, not
// from the ring.
//
// Picture.
//   0            kRingHeaderSize
//   | RingHeader | SlotHeader | payload ...... | SlotHeader | payload ...... | ...
//   Pages are touched only when used; the watchdog gives them back after reading.
//
// States of a slot, and who may move each arrow:
//
//            writer: claim              writer: publish
//     FREE ----------------> CLAIMED -------------------> PUBLISHED
//      ^                        |                             |
//      |   watchdog: salvage,   |      watchdog: release      |
//      |   the owner is dead    |      (this is the ack)      |
//      +------------------------+-----------------------------+
//
// The state word is one 64-bit atomic: owner pid (high 32 bits) | generation (30) | state (2). The
// low half is the futex word. Release adds one to the generation, so a writer that waits for its
// ack sees the word change even when another process claims the slot at once.
//
// Stages of a ring. The agent makes it kWaiting, and may use it at once. kTaken: a watchdog looks
// after it, and the next watchdog will find it again. kHeard: the next watchdog will not find it,
// so a process that crashes first attaches again, with a new ring. kLeft: the watchdog knows of no
// living process that uses it, and no longer looks at it; a process that still does attaches again.
//
// Children. A forked child shares its parent's ring, and enters its pid in the first free cell of
// `children`; the watchdog empties the cell when it is dead. A child looks at the stage after it
// has entered itself, and a watchdog that leaves a ring looks at the children again after it has
// said so, so that one of the two sees the other (both are sequentially consistent).
//
// Memory order. `committed` is stored with release after the bytes it covers; `publish` is a
// release exchange after the last commit. The reader loads both with acquire. Claim is acquire.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pyfault {

inline constexpr std::uint64_t kRingMagic = 0x31474e4952465950;  // "PYFRING1", little-endian
inline constexpr std::uint32_t kRingVersion = 2;
inline constexpr std::size_t kRingHeaderSize = 3 * 4096;
inline constexpr std::uint32_t kMostChildren = 2048;  // that live at a time
inline constexpr std::uint32_t kSlotCount = 8;
// Room for 150 threads of 256 distinct frames, or some 8,000 code objects.
inline constexpr std::size_t kSlotSize = std::size_t{2} << 20;
// What of a slot stays in memory once it has been used; the watchdog gives the rest back. The agent
// touches as much of the first slot when it attaches, and a forked child again.
inline constexpr std::size_t kSlotKeptBytes = std::size_t{64} << 10;
inline constexpr std::size_t kRingSize = kRingHeaderSize + kSlotCount * kSlotSize;

enum class RingStage : std::uint32_t { kWaiting = 0, kTaken = 1, kLeft = 2, kHeard = 3 };

// A vfork child died on its parent's memory, where it could leave no record of its own.
struct LostChild {
  std::uint16_t count;  // of all so far, wraps around
  std::uint16_t signal;
  std::int32_t parent;

  static constexpr LostChild unpack(std::uint64_t word) {
    return {static_cast<std::uint16_t>(word), static_cast<std::uint16_t>(word >> 16),
            static_cast<std::int32_t>(word >> 32)};
  }
  constexpr std::uint64_t pack() const {
    return std::uint64_t{static_cast<std::uint32_t>(parent)} << 32 | std::uint64_t{signal} << 16 |
           count;
  }
};

struct RingHeader {
  // The agent's, who makes the ring.
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t slot_count;
  std::uint64_t slot_size;
  std::uint64_t id;  // the memfd's inode number
  // The watchdog's.
  std::atomic<RingStage> stage;
  std::atomic<std::uint32_t> ack_timeout_ms;  // 0: not said yet, kDefaultAckTimeoutMs
  // The agents', from here on.
  std::atomic<std::uint32_t> dropped_records;         // crashes that found no free slot in time
  std::atomic<std::uint32_t> unknown_children;        // those that found no free cell below
  std::atomic<std::uint64_t> replaced_handlers;       // of signal n: bit n - 1
  std::atomic<std::uint64_t> lost_child;              // the last one; see LostChild
  std::atomic<std::uint32_t> slots_end;               // no slot from here on has been claimed yet
  std::atomic<std::uint32_t> children_end;            // no cell from here on has been used yet
  std::atomic<std::int32_t> children[kMostChildren];  // pids as they see themselves; 0: free
};
static_assert(sizeof(RingHeader) <= kRingHeaderSize);
static_assert(std::atomic<RingStage>::is_always_lock_free);
static_assert(std::atomic<std::int32_t>::is_always_lock_free);

enum class SlotState : std::uint32_t { kFree = 0, kClaimed = 1, kPublished = 2 };

// Why a published record is not whole; kNone for a whole one.
enum class CutShort : std::uint32_t { kNone = 0, kFaultInHandler = 1, kSlotFull = 2 };

struct SlotHeader {
  std::atomic<std::uint64_t> state;
  std::atomic<std::uint32_t> committed;  // payload bytes that are valid
  std::atomic<CutShort> cut_short;
  // The watchdog's: 1 + the generation of the record that it has taken to report it, so that one
  // which comes after it does not report it again.
  std::atomic<std::uint32_t> taken;
  std::uint32_t reserved[11];
};
static_assert(sizeof(SlotHeader) == 64, "one cache line; the payload starts aligned");
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(std::atomic<CutShort>::is_always_lock_free);

inline constexpr std::size_t kSlotPayload = kSlotSize - sizeof(SlotHeader);

struct SlotWord {
  SlotState state;
  std::uint32_t generation;  // 30 bits
  std::int32_t owner;        // pid as the owner sees itself; 0 when free

  static constexpr std::uint32_t kGenerationMask = 0x3fffffff;

  static constexpr SlotWord unpack(std::uint64_t word) {
    return {static_cast<SlotState>(word & 3),
            static_cast<std::uint32_t>(word >> 2) & kGenerationMask,
            static_cast<std::int32_t>(word >> 32)};
  }
  constexpr std::uint64_t pack() const {
    return std::uint64_t{static_cast<std::uint32_t>(owner)} << 32 |
           std::uint64_t{generation & kGenerationMask} << 2 | static_cast<std::uint64_t>(state);
  }
  constexpr SlotWord released() const { return {SlotState::kFree, generation + 1, 0}; }
};

inline RingHeader* ring_header(void* ring) {
  return static_cast<RingHeader*>(ring);
}
inline const RingHeader* ring_header(const void* ring) {
  return static_cast<const RingHeader*>(ring);
}

// index < kSlotCount.
inline SlotHeader* ring_slot(void* ring, std::uint32_t index) {
  auto* base = static_cast<std::byte*>(ring) + kRingHeaderSize + index * kSlotSize;
  return reinterpret_cast<SlotHeader*>(base);
}
// The low half of the state.
inline const std::atomic<std::uint32_t>* futex_of(const SlotHeader& slot) {
  return reinterpret_cast<const std::atomic<std::uint32_t>*>(&slot.state);
}
inline std::byte* slot_payload(SlotHeader* slot) {
  return reinterpret_cast<std::byte*>(slot + 1);
}

}  // namespace pyfault

// The ring: shared memory between one agent (and its forked children) and the watchdog.
//
// Promise. A process can claim a slot, fill it and publish it with plain memory accesses and
// futexes, from a signal handler, without ever blocking on the watchdog. A writer that dies at any
// moment leaves a state that the reader can name. Nothing here is trusted by the reader: it copies
// a slot out and validates the copy (record.h); it knows the geometry from its own constants, not
// from the ring.
//
// Picture.
//   0            4096                          4096 + kSlotSize
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
// Memory order. `committed` is stored with release after the bytes it covers; `publish` is a
// release exchange after the last commit. The reader loads both with acquire. Claim is acquire.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pyfault {

inline constexpr std::uint64_t kRingMagic = 0x31474e4952465950;  // "PYFRING1", little-endian
inline constexpr std::uint32_t kRingVersion = 1;
inline constexpr std::size_t kRingHeaderSize = 4096;
inline constexpr std::uint32_t kSlotCount = 8;
// Room for 150 threads of 256 distinct frames, or some 8,000 code objects.
inline constexpr std::size_t kSlotSize = std::size_t{2} << 20;
// What of a slot stays in memory once it has been used; the watchdog gives the rest back. The agent
// touches as much of the first slot when it attaches, and a forked child again.
inline constexpr std::size_t kSlotKeptBytes = std::size_t{64} << 10;
inline constexpr std::size_t kRingSize = kRingHeaderSize + kSlotCount * kSlotSize;

struct RingHeader {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t slot_count;
  std::uint64_t slot_size;
  std::atomic<std::uint32_t> dropped_records;  // crashes that found no free slot in time
};
static_assert(sizeof(RingHeader) <= kRingHeaderSize);

enum class SlotState : std::uint32_t { kFree = 0, kClaimed = 1, kPublished = 2 };

// Why a published record is not whole; kNone for a whole one.
enum class CutShort : std::uint32_t { kNone = 0, kFaultInHandler = 1, kSlotFull = 2 };

struct SlotHeader {
  std::atomic<std::uint64_t> state;
  std::atomic<std::uint32_t> committed;  // payload bytes that are valid
  std::atomic<CutShort> cut_short;
  std::uint64_t reserved[6];
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

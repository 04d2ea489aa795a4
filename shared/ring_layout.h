// The layout of the ring, the memory that one agent (with its forked children) and the watchdog
// share.
//
// Guarantees. A process can claim a slot, fill it and publish it with plain memory accesses and
// futexes, from a signal handler, without blocking on the watchdog. A writer that dies at any
// moment leaves a state that the reader can classify. The reader trusts nothing in the ring: it
// copies a slot out and validates the copy (record.h), and takes the geometry from its own
// constants, not from the ring.
//
// Layout.
//   0            kRingHeaderSize                                                  kContextsOffset
//   | RingHeader | SlotHeader | payload ...... | SlotHeader | payload ...... | ... | contexts ... |
//   The contexts are described in context.h. A slot's pages are allocated on first use. After
//   reading, the watchdog releases all but the first kSlotKeptBytes.
//
// Slot states, and who makes each transition:
//
//            writer: claim              writer: publish
//     FREE ----------------> CLAIMED -------------------> PUBLISHED
//      ^                        |                             |
//      |   watchdog: salvage,   |      watchdog: release      |
//      |   the owner is dead    |      (this is the ack)      |
//      +------------------------+-----------------------------+
//
// The state word is one 64-bit atomic: owner pid (high 32 bits) | generation (30) | state (2). Its
// low half is the futex word. A release increments the generation, so a writer that waits for its
// ack sees the word change even if another process claims the slot at once.
//
// Ring stages. The agent creates the ring as kWaiting and may use it at once. kTaken: a watchdog
// reads the ring, and the next watchdog will find it again. kHeard: a watchdog reads the ring, but
// the next one will not find it. kLeft: the watchdog has refused the ring, or knows of no living
// process that uses it, and does not look at it; a process that still uses it attaches again.
// kGivenUp: set by the agent, in place of kWaiting, when a watchdog has died with the ring; what it
// was to report has been recorded in another one, so a successor that was left the ring does not
// look at it.
// Before it records a crash, a process whose ring is not kTaken attaches again, with a new ring.
//
// Children. A forked child shares its parent's ring and enters its pid in the first free cell of
// `children`; the watchdog clears the cell when the child is dead. A child reads the stage after it
// has entered itself, and a watchdog that leaves a ring reads the children again after it has set
// kLeft, so at least one of them sees the other (these accesses are sequentially consistent).
//
// Memory order. `committed` is stored with release after the bytes it covers; publishing is a
// release exchange after the last commit. The reader loads both with acquire. Claiming is acquire.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace pyfault {

inline constexpr std::uint64_t kRingMagic = 0x31474e4952465950;  // "PYFRING1", little-endian
inline constexpr std::uint32_t kRingVersion = 4;
inline constexpr std::size_t kRingHeaderSize = 3 * 4096;
inline constexpr std::uint32_t kMaxChildren = 2048;  // alive at the same time
inline constexpr std::uint32_t kSlotCount = 8;
// Holds a native stack, and 150 threads of 256 distinct frames each or about 8,000 code objects.
inline constexpr std::size_t kSlotSize = std::size_t{5} << 19;
// The part of a used slot that stays allocated; the watchdog releases the rest. The agent populates
// the same part of the first slot when it arms, as does each forked child.
inline constexpr std::size_t kSlotKeptBytes = std::size_t{64} << 10;
// What processes say about themselves while they run. One that finds no block says nothing.
inline constexpr std::uint32_t kContextCount = 256;
inline constexpr std::size_t kContextSize = std::size_t{16} << 10;
inline constexpr std::size_t kContextsOffset = kRingHeaderSize + kSlotCount * kSlotSize;
inline constexpr std::size_t kRingSize = kContextsOffset + kContextCount * kContextSize;

enum class RingStage : std::uint32_t {
  kWaiting = 0,
  kTaken = 1,
  kLeft = 2,
  kHeard = 3,
  kGivenUp = 4
};

// Describes a vfork child that died while it ran on its parent's memory, where it could not leave a
// record of its own.
struct LostVforkChild {
  std::uint16_t count;  // of lost children so far; wraps around
  std::uint16_t signal;
  std::int32_t parent;

  static constexpr LostVforkChild unpack(std::uint64_t word) {
    return {static_cast<std::uint16_t>(word), static_cast<std::uint16_t>(word >> 16),
            static_cast<std::int32_t>(word >> 32)};
  }
  constexpr std::uint64_t pack() const {
    return std::uint64_t{static_cast<std::uint32_t>(parent)} << 32 | std::uint64_t{signal} << 16 |
           count;
  }
};

struct RingHeader {
  // Written by the agent that creates the ring.
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t slot_count;
  std::uint64_t slot_size;
  std::uint64_t id;  // the memfd's inode number
  // Written by the watchdog.
  std::atomic<RingStage> stage;
  std::atomic<std::uint32_t> ack_timeout_ms;  // 0: not set yet, kDefaultAckTimeoutMs applies
  std::atomic<std::uint32_t> native_off;      // 1: native stacks are not wanted
  // Written by the agents; the watchdog also clears cells of `children` and `context_owners`.
  std::atomic<std::uint32_t> dropped_records;   // crashes that found no free slot in time
  std::atomic<std::uint32_t> unknown_children;  // children that found no free cell
  // The pid of a process without a cell that is executing another program, or has; 0: none. It is
  // the one that created the ring, or a child that found no free cell. All that the watchdog looks
  // at in every ring is up here, because each further page would take memory for each process.
  std::atomic<std::int32_t> executing;
  std::atomic<std::uint64_t> replaced_handlers;      // bit n - 1: the handler of signal n
  std::atomic<std::uint64_t> lost_child;             // the last one, packed; see LostVforkChild
  std::atomic<std::uint32_t> slots_end;              // no slot from here on was ever claimed
  std::atomic<std::uint32_t> children_end;           // no cell from here on was ever used
  std::atomic<std::uint32_t> contexts_end;           // no block from here on was ever claimed
  std::atomic<std::uint32_t> contextless;            // processes that found no free block
  std::atomic<std::int32_t> children[kMaxChildren];  // pids in their own namespace; 0: free
  std::atomic<std::int32_t> context_owners[kContextCount];  // likewise
};
static_assert(sizeof(RingHeader) <= kRingHeaderSize);
static_assert(std::atomic<RingStage>::is_always_lock_free);
static_assert(std::atomic<std::int32_t>::is_always_lock_free);

// The id of a report: 16 bytes, which are spelt as 32 hex digits.
inline constexpr std::size_t kReportIdWords = 4;
struct ReportId {
  std::uint32_t words[kReportIdWords];
};

enum class SlotState : std::uint32_t { kFree = 0, kClaimed = 1, kPublished = 2 };

// Why a published record is incomplete; kNone if it is complete.
enum class CutShort : std::uint32_t { kNone = 0, kFaultInHandler = 1, kSlotFull = 2 };

struct SlotHeader {
  std::atomic<std::uint64_t> state;
  std::atomic<std::uint32_t> committed;  // number of valid payload bytes
  std::atomic<CutShort> cut_short;
  // Written by the watchdog: 1 + the generation of the record that it has taken for reporting, so
  // that its successor does not report the record again.
  std::atomic<std::uint32_t> taken;
  // Written by the watchdog before it releases the slot: the id of the report, or zeros if there is
  // none. It stays there until the next record has been taken.
  std::atomic<std::uint32_t> report_id[kReportIdWords];
  std::uint32_t reserved[7];
};
static_assert(sizeof(SlotHeader) == 64, "one cache line; the payload starts aligned");
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(std::atomic<CutShort>::is_always_lock_free);

inline constexpr std::size_t kSlotPayload = kSlotSize - sizeof(SlotHeader);

struct SlotWord {
  SlotState state;
  std::uint32_t generation;  // 30 bits
  std::int32_t owner;        // pid in the owner's own namespace; 0 if free

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

// Requires index < kSlotCount.
inline SlotHeader* ring_slot(void* ring, std::uint32_t index) {
  auto* base = static_cast<std::byte*>(ring) + kRingHeaderSize + index * kSlotSize;
  return reinterpret_cast<SlotHeader*>(base);
}
// Returns the low half of `state`, which changes when the slot is released.
inline const std::atomic<std::uint32_t>* futex_of(const SlotHeader& slot) {
  return reinterpret_cast<const std::atomic<std::uint32_t>*>(&slot.state);
}
inline std::byte* slot_payload(SlotHeader* slot) {
  return reinterpret_cast<std::byte*>(slot + 1);
}

}  // namespace pyfault

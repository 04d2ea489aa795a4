// Reads a ring (ring_layout.h) on behalf of the watchdog: inspects slots, copies payloads out and
// releases slots.
//
// The reader trusts nothing in the mapping, which a hostile process may write to at any moment. It
// loads every word once, copies payload bytes once and never interprets them in place, and takes
// offsets from ring_layout.h, not from the ring's header. The bytes that it copies out may be
// garbage, but no call accesses memory outside the mapping, blocks, or loops on what it reads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/context_reader.h"
#include "shared/ring_layout.h"

namespace pyfault {

enum class SlotFinding {
  kFree,
  kClaimed,
  kPublished,
  kGarbage,  // a word that no writer produces; to be passed to release()
};

struct SlotSnapshot {
  SlotFinding finding;
  std::int32_t owner;  // > 0 if claimed or published
  std::uint64_t word;  // the expected value for release()
};

class RingReader {
 public:
  // `ring`: a writable mapping of kRingSize bytes that outlives the reader.
  explicit RingReader(void* ring) : ring_(ring) {}

  // Only slots below this index, at most kSlotCount, can have been claimed. Looking at any other
  // slot would allocate a page.
  std::uint32_t slots_end() const;

  // This and all other functions with an index require index < kSlotCount.
  SlotSnapshot snapshot(std::uint32_t index) const;

  // Returns the number of valid payload bytes that the slot states now, at most kSlotPayload.
  std::size_t committed(std::uint32_t index) const;

  // Copies the first `size` payload bytes; size <= kSlotPayload. The bytes are complete only if
  // `size` comes from an earlier call of committed().
  void copy_out(std::uint32_t index, std::byte* to, std::size_t size) const;

  // The result may be a value that CutShort does not name.
  CutShort cut_short(std::uint32_t index) const;

  // Returns whether the record in the slot, which snapshot() has seen with `word`, has been marked
  // as taken for reporting. mark_taken() marks it.
  bool is_taken(std::uint32_t index, std::uint64_t word) const;
  void mark_taken(std::uint32_t index, std::uint64_t word);

  // Tells the writer what its report is called. To be called before release().
  void set_report_id(std::uint32_t index, const ReportId& id);

  // Frees the slot and wakes all waiters for its ack. Returns false, and does not free the slot, if
  // its word is no longer `expected`. `committed` is reset in either case.
  bool release(std::uint32_t index, std::uint64_t expected);

  // Counters since the ring was created; they wrap around.
  std::uint32_t dropped_records() const;   // crashes that found no free slot
  std::uint32_t unknown_children() const;  // children that found no free cell
  std::uint32_t contextless() const;       // processes that found no free block (context.h)

  // Bit n - 1 is set if the handler of signal n has been replaced.
  std::uint64_t replaced_handlers() const;
  // Returns the number of lost children and the last one.
  LostVforkChild lost_child() const;

  // Only cells below this index, at most kMaxChildren, can be in use.
  std::uint32_t children_end() const;
  // Requires cell < kMaxChildren, as does remove_child(). Returns 0 for a free cell; any other
  // number is unchecked.
  std::int32_t child(std::uint32_t cell) const;
  // Clears the cell if it still contains `expected`.
  void remove_child(std::uint32_t cell, std::int32_t expected);

  // RingHeader::executing, unchecked.
  std::int32_t executing() const;

  // Only blocks below this index, at most kContextCount, can have been claimed. Looking at any
  // other block would allocate a page.
  std::uint32_t contexts_end() const;
  // Requires block < kContextCount, as do all functions with a block. Returns 0 for a free block;
  // any other number is unchecked.
  std::int32_t context_owner(std::uint32_t block) const;
  // Returns the first block of `owner`, or kContextCount if there is none.
  std::uint32_t context_of(std::int32_t owner) const;
  void copy_context(std::uint32_t block, ContextCopy& to) const;
  // The number of faults of the block's owner that became exceptions.
  std::uint32_t tainted(std::uint32_t block) const;
  // Frees the block if it still belongs to `expected`, which must not write to it any more.
  void free_context(std::uint32_t block, std::int32_t expected);

  void set_ack_timeout(std::uint32_t milliseconds);
  void set_native_off(bool off);
  // Sets kTaken or kHeard, unless the agent has given the ring up; then returns false.
  bool take(RingStage stage);
  // Sequentially consistent: a child that enters itself afterwards sees the new stage, and one that
  // entered itself before is visible to later calls of child().
  void set_stage(RingStage stage);

 private:
  void* ring_;
};

}  // namespace pyfault

#include "shared/ring_reader.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <bit>
#include <climits>
#include <cstring>

namespace pyfault {
namespace {

static_assert(std::endian::native == std::endian::little, "the futex word is the state's low half");

SlotFinding classify(SlotWord word) {
  switch (word.state) {
    case SlotState::kFree:
      return word.owner == 0 ? SlotFinding::kFree : SlotFinding::kGarbage;
    case SlotState::kClaimed:
      return word.owner > 0 ? SlotFinding::kClaimed : SlotFinding::kGarbage;
    case SlotState::kPublished:
      return word.owner > 0 ? SlotFinding::kPublished : SlotFinding::kGarbage;
  }
  return SlotFinding::kGarbage;
}

// Without FUTEX_PRIVATE_FLAG, because the waiters are in other processes.
void wake_all(std::atomic<std::uint64_t>& word) {
  syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace

std::uint32_t RingReader::slots_end() const {
  const std::uint32_t end = ring_header(ring_)->slots_end.load(std::memory_order_acquire);
  return end < kSlotCount ? end : kSlotCount;
}

SlotSnapshot RingReader::snapshot(std::uint32_t index) const {
  const std::uint64_t packed = ring_slot(ring_, index)->state.load(std::memory_order_acquire);
  const SlotWord word = SlotWord::unpack(packed);
  return {classify(word), word.owner, packed};
}

std::size_t RingReader::committed(std::uint32_t index) const {
  const std::size_t size = ring_slot(ring_, index)->committed.load(std::memory_order_acquire);
  return size < kSlotPayload ? size : kSlotPayload;
}

void RingReader::copy_out(std::uint32_t index, std::byte* to, std::size_t size) const {
  if (size != 0) std::memcpy(to, slot_payload(ring_slot(ring_, index)), size);
}

CutShort RingReader::cut_short(std::uint32_t index) const {
  return ring_slot(ring_, index)->cut_short.load(std::memory_order_acquire);
}

bool RingReader::is_taken(std::uint32_t index, std::uint64_t word) const {
  return ring_slot(ring_, index)->taken.load() == SlotWord::unpack(word).generation + 1;
}

void RingReader::mark_taken(std::uint32_t index, std::uint64_t word) {
  ring_slot(ring_, index)->taken.store(SlotWord::unpack(word).generation + 1);
}

void RingReader::set_report_id(std::uint32_t index, const ReportId& id) {
  for (std::size_t word = 0; word < kReportIdWords; ++word) {
    ring_slot(ring_, index)->report_id[word].store(id.words[word], std::memory_order_relaxed);
  }
}

bool RingReader::release(std::uint32_t index, std::uint64_t expected) {
  SlotHeader* slot = ring_slot(ring_, index);
  std::atomic<std::uint64_t>& word = slot->state;
  // A writer that dies after claiming the slot and before resetting `committed` must not appear to
  // own the previous record.
  slot->committed.store(0, std::memory_order_relaxed);
  const std::uint64_t released = SlotWord::unpack(expected).released().pack();
  // Release order: the payload must have been copied out before another writer can claim the slot.
  if (!word.compare_exchange_strong(expected, released, std::memory_order_release,
                                    std::memory_order_relaxed)) {
    return false;
  }
  wake_all(word);
  return true;
}

std::uint32_t RingReader::dropped_records() const {
  return ring_header(ring_)->dropped_records.load(std::memory_order_relaxed);
}

std::uint32_t RingReader::unknown_children() const {
  return ring_header(ring_)->unknown_children.load(std::memory_order_relaxed);
}

std::uint32_t RingReader::contextless() const {
  return ring_header(ring_)->contextless.load(std::memory_order_relaxed);
}

std::uint64_t RingReader::replaced_handlers() const {
  return ring_header(ring_)->replaced_handlers.load(std::memory_order_relaxed);
}

LostVforkChild RingReader::lost_child() const {
  return LostVforkChild::unpack(ring_header(ring_)->lost_child.load(std::memory_order_relaxed));
}

std::uint32_t RingReader::children_end() const {
  const std::uint32_t end = ring_header(ring_)->children_end.load();
  return end < kMaxChildren ? end : kMaxChildren;
}

std::int32_t RingReader::child(std::uint32_t cell) const {
  return ring_header(ring_)->children[cell].load();
}

std::int32_t RingReader::executing() const {
  return ring_header(ring_)->executing.load();
}

void RingReader::remove_child(std::uint32_t cell, std::int32_t expected) {
  ring_header(ring_)->children[cell].compare_exchange_strong(expected, 0);
}

std::uint32_t RingReader::contexts_end() const {
  const std::uint32_t end = ring_header(ring_)->contexts_end.load(std::memory_order_acquire);
  return end < kContextCount ? end : kContextCount;
}

std::int32_t RingReader::context_owner(std::uint32_t block) const {
  return ring_header(ring_)->context_owners[block].load(std::memory_order_acquire);
}

std::uint32_t RingReader::context_of(std::int32_t owner) const {
  const std::uint32_t end = contexts_end();
  for (std::uint32_t block = 0; block < end; ++block) {
    if (context_owner(block) == owner) return block;
  }
  return kContextCount;
}

void RingReader::copy_context(std::uint32_t block, ContextCopy& to) const {
  pyfault::copy_context(*ring_context(ring_, block), to);
}

std::uint32_t RingReader::tainted(std::uint32_t block) const {
  return ring_context(ring_, block)->header.tainted.load(std::memory_order_relaxed);
}

// Release order: what was read of the block must have been read before another process can claim
// it.
void RingReader::free_context(std::uint32_t block, std::int32_t expected) {
  ring_header(ring_)->context_owners[block].compare_exchange_strong(
      expected, 0, std::memory_order_release, std::memory_order_relaxed);
}

void RingReader::set_ack_timeout(std::uint32_t milliseconds) {
  ring_header(ring_)->ack_timeout_ms.store(milliseconds, std::memory_order_relaxed);
}

void RingReader::set_native_off(bool off) {
  ring_header(ring_)->native_off.store(off ? 1 : 0, std::memory_order_relaxed);
}

bool RingReader::take(RingStage stage) {
  std::atomic<RingStage>& now = ring_header(ring_)->stage;
  RingStage before = RingStage::kWaiting;
  if (now.compare_exchange_strong(before, stage)) return true;
  if (before == RingStage::kGivenUp) return false;
  now.store(stage);  // no agent changes the stage of a ring that was taken
  return true;
}

void RingReader::set_stage(RingStage stage) {
  ring_header(ring_)->stage.store(stage);
}

}  // namespace pyfault

#include "shared/ring_writer.h"

#include <bit>
#include <cstring>
#include <utility>

namespace pyfault {

SlotWriter SlotWriter::claim(void* ring, std::int32_t pid) {
  SlotWriter writer;
  for (std::uint32_t index = 0; index < kSlotCount; ++index) {
    SlotHeader* slot = ring_slot(ring, index);
    std::uint64_t word = slot->state.load(std::memory_order_relaxed);
    const SlotWord seen = SlotWord::unpack(word);
    if (seen.state != SlotState::kFree) continue;
    std::atomic<std::uint32_t>& end = ring_header(ring)->slots_end;
    std::uint32_t before = end.load(std::memory_order_relaxed);
    while (before <= index && !end.compare_exchange_weak(before, index + 1)) continue;
    const SlotWord claimed{SlotState::kClaimed, seen.generation, pid};
    if (!slot->state.compare_exchange_strong(word, claimed.pack(), std::memory_order_acquire)) {
      continue;
    }
    slot->committed.store(0, std::memory_order_relaxed);
    slot->cut_short.store(CutShort::kNone, std::memory_order_relaxed);
    writer.slot_ = slot;
    writer.word_ = claimed.pack();
    return writer;
  }
  return writer;
}

bool SlotWriter::pad() {
  constexpr std::byte kZeros[kRecordAlignment] = {};
  const std::size_t size = record_padded(cursor_) - cursor_;
  return size == 0 || append(kZeros, size);
}

bool SlotWriter::end_section() {
  if (!pad()) return false;
  const auto size = static_cast<std::uint32_t>(cursor_ - section_);
  std::memcpy(slot_payload(slot_) + section_ + offsetof(SectionHeader, size), &size, sizeof size);
  return true;
}

void SlotWriter::commit() {
  committed_ = cursor_;
  slot_->committed.store(static_cast<std::uint32_t>(cursor_), std::memory_order_release);
}

void SlotWriter::append_end(const EndSection& end) {
  std::memcpy(slot_payload(slot_) + cursor_, &end, sizeof end);
  cursor_ += sizeof end;
  commit();
}

void SlotWriter::cut_short(CutShort reason) {
  slot_->cut_short.store(reason, std::memory_order_relaxed);
}

PublishedSlot SlotWriter::publish() {
  SlotWord word = SlotWord::unpack(word_);
  word.state = SlotState::kPublished;
  slot_->state.exchange(word.pack(), std::memory_order_release);
  static_assert(std::endian::native == std::endian::little, "the low half of the word comes first");
  const SlotHeader* slot = std::exchange(slot_, nullptr);
  return {futex_of(*slot), static_cast<std::uint32_t>(word.pack()), slot};
}

// The slot may have been claimed again, and even released, since then.
ReportId read_report_id(const PublishedSlot& published) {
  if (published.slot == nullptr) return {};
  ReportId id;
  for (std::size_t word = 0; word < kReportIdWords; ++word) {
    id.words[word] = published.slot->report_id[word].load(std::memory_order_relaxed);
  }
  std::atomic_thread_fence(std::memory_order_acquire);
  const SlotWord now = SlotWord::unpack(published.slot->state.load(std::memory_order_relaxed));
  const SlotWord then = SlotWord::unpack(published.expected);
  const SlotWord released = SlotWord::unpack(then.released().pack());
  return now.generation == released.generation ? id : ReportId{};
}

void SlotWriter::take(SlotWriter& other) {
  slot_ = other.slot_;
  word_ = other.word_;
  cursor_ = other.cursor_;
  committed_ = other.committed_;
  section_ = other.section_;
  other.slot_ = nullptr;
}

}  // namespace pyfault

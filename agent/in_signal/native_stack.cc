#include "agent/in_signal/native_stack.h"

#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/stack_end.h"

namespace pyfault {
namespace {

struct Range {
  std::uintptr_t begin, end;

  std::size_t size() const { return end - begin; }
};

std::uintptr_t lower(std::uintptr_t a, std::uintptr_t b) {
  return a < b ? a : b;
}
std::uintptr_t higher(std::uintptr_t a, std::uintptr_t b) {
  return a < b ? b : a;
}
std::uintptr_t page_of(std::uintptr_t address) {
  return address / kPageSize * kPageSize;
}
std::uintptr_t aligned(std::uintptr_t address) {
  return address / kRecordAlignment * kRecordAlignment;
}

bool may_be_mapped(std::uintptr_t address) {
  return address >= kPageSize && address < kUserEnd;
}

bool is_readable(std::uintptr_t address) {
  std::byte byte;
  return guarded_read(address, byte);
}

// Ends a part of the record. What is not complete is discarded.
void finish(SlotWriter& slot, bool complete) {
  if (complete) {
    slot.commit();
  } else {
    slot.rollback();
  }
}

// Copies the code on both sides of the program counter, or what lies on the same page if another
// page cannot be read. Returns an empty range if nothing can be.
Range copy_code(std::uintptr_t program_counter, std::byte (&to)[2 * kInstructionBytes]) {
  if (!may_be_mapped(program_counter)) return {};
  const std::uintptr_t page = page_of(program_counter);
  const Range all{program_counter - kInstructionBytes, program_counter + kInstructionBytes};
  const Range on_page{higher(all.begin, page), lower(all.end, page + kPageSize)};
  if (guarded_copy(to, all.begin, all.size())) return all;
  const bool has_other_page = on_page.size() < all.size();
  return has_other_page && guarded_copy(to, on_page.begin, on_page.size()) ? on_page : Range{};
}

void append_instruction(SlotWriter& slot, std::uintptr_t program_counter) {
  std::byte bytes[2 * kInstructionBytes];
  const Range code = copy_code(program_counter, bytes);
  if (code.size() == 0) return;
  const InstructionSection section{{SectionTag::kInstruction, kSectionVersion, 0},
                                   code.begin,
                                   static_cast<std::uint32_t>(code.size()),
                                   0};
  finish(slot, slot.begin_section(&section, sizeof section) && slot.append(bytes, code.size()) &&
                   slot.end_section());
}

// Returns `from` if it can be read, else where a page further up begins that can; 0 if there is
// none within kMaxPages. Reads that fail are slow, so the steps are doubled until one finds
// readable memory, and then halved to find where that begins.
std::uintptr_t first_readable(std::uintptr_t from) {
  constexpr std::uintptr_t kMaxPages = 4096;
  if (is_readable(from)) return from;
  const auto page = [from](std::uintptr_t index) { return page_of(from) + index * kPageSize; };
  std::uintptr_t readable = 1;
  while (!is_readable(page(readable))) {
    readable *= 2;
    if (readable > kMaxPages) return 0;
  }
  std::uintptr_t unreadable = readable / 2;
  while (readable - unreadable > 1) {
    const std::uintptr_t middle = unreadable + (readable - unreadable) / 2;
    if (is_readable(page(middle))) {
      readable = middle;
    } else {
      unreadable = middle;
    }
  }
  return page(readable);
}

// Returns whether the memory between the two can be read. If they lie on different stacks, there is
// a guard page between them, or far more memory than a stack has.
bool is_one_stack(std::uintptr_t begin, std::uintptr_t end) {
  constexpr std::uintptr_t kLargest = std::uintptr_t{64} << 20;
  if (begin >= end || end - begin > kLargest) return false;
  for (std::uintptr_t page = page_of(begin) + kPageSize; page < end; page += kPageSize) {
    if (!is_readable(page)) return false;
  }
  return true;
}

// Copies memory up to `range.end`, or to the first page that cannot be read. Returns false if that
// is the first one, or if the slot has no room.
bool append_memory(SlotWriter& slot, const Range& range) {
  std::uintptr_t at = range.begin;
  while (at < range.end) {
    const std::size_t size = lower(range.end, page_of(at) + kPageSize) - at;
    std::byte* to = slot.reserve(size);
    if (to == nullptr) return false;
    if (!guarded_copy(to, at, size)) {
      slot.rewind(slot.cursor() - size);
      break;
    }
    at += size;
  }
  return at > range.begin;
}

// Appends nothing if nothing can be read.
void append_stack_part(SlotWriter& slot, const Range& range, std::uintptr_t stack_end) {
  const StackSection section{{SectionTag::kStack, kSectionVersion, 0}, range.begin, stack_end};
  finish(slot, slot.begin_section(&section, sizeof section) && append_memory(slot, range) &&
                   slot.end_section());
}

// Half of the room that is left is for the other threads. The other half holds all that is wanted,
// unless the faulting thread's own section has nearly filled the slot.
std::uintptr_t share_of_room(const SlotWriter& slot, std::size_t wanted) {
  return lower(wanted, aligned(slot.room() / 2));
}

// `thread_end`: the end of the stack that the thread has started on. It may run on another one: a
// coroutine's or an alternate signal stack, whose end is not known.
void append_stack(SlotWriter& slot, std::uintptr_t stack_pointer, std::uintptr_t thread_end) {
  if (!may_be_mapped(stack_pointer)) return;
  const std::uintptr_t begin = first_readable(aligned(stack_pointer - kRedZone));
  if (begin == 0) return;
  const std::uintptr_t end = is_one_stack(begin, thread_end) ? aligned(thread_end) : 0;
  const std::uintptr_t limit = begin + share_of_room(slot, kInnermostStackBytes);
  if (end == 0 || end <= limit) {
    append_stack_part(slot, {begin, end == 0 ? limit : end}, end);
    return;
  }
  append_stack_part(slot, {begin, limit}, end);
  append_stack_part(slot, {higher(limit, end - share_of_room(slot, kOutermostStackBytes)), end},
                    end);
}

}  // namespace

void append_anchors(Capture& capture) {
  const AnchorList& anchors = capture.scratch.anchors;
  if (!anchors.empty()) finish(capture.slot, anchors.append_to(capture.slot));
}

void capture_native_stack(Capture& capture, const Registers& registers,
                          std::uintptr_t pthread_self) {
  SlotWriter& slot = capture.slot;
  append_anchors(capture);
  append_instruction(slot, program_counter(registers));
  append_stack(slot, stack_pointer(registers), stack_end_of(capture.python, pthread_self));
}

}  // namespace pyfault

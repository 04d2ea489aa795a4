#include "watchdog/symbolize/captured_stack.h"

#include <string.h>

#include <algorithm>
#include <utility>

#include "watchdog/crash/raw_section.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxChunks = 2;

// Returns nullopt if the section is malformed.
std::optional<AnchorSection> read_anchors(ByteReader& bytes, std::vector<Anchor>& anchors) {
  const auto section = bytes.read<AnchorSection>();
  if (!section || section->count > kMaxAnchors ||
      section->count > bytes.remaining() / sizeof(Anchor)) {
    return std::nullopt;
  }
  for (std::uint32_t index = 0; index < section->count; ++index) {
    anchors.push_back(*bytes.read<Anchor>());
  }
  return section;
}

bool is_of_crashed(const ThreadSection& thread) {
  return (thread.flags & kThreadCrashed) != 0;
}

class StackReader {
 public:
  explicit StackReader(CapturedStack& stack) : stack_(stack) {}

  // Ignores a section that is not part of a native stack, or is malformed.
  void read(RawSection section) {
    if (section.header.version != kSectionVersion) return;
    switch (section.header.tag) {
      case SectionTag::kFault:
        return read_fault(section.bytes);
      case SectionTag::kThread:
        return read_thread(section.bytes);
      case SectionTag::kAnchors:
        return take_anchors(section.bytes);
      case SectionTag::kStack:
        return read_stack(section.bytes);
      default:
        return;
    }
  }

 private:
  void read_fault(ByteReader& bytes) {
    const auto fault = bytes.read<FaultSection>();
    if (fault) std::ranges::copy(fault->registers, stack_.registers.begin());
  }

  void read_thread(ByteReader& bytes) {
    const auto thread = bytes.read<ThreadSection>();
    is_at_faulting_ = thread && is_of_crashed(*thread);
  }

  void take_anchors(ByteReader& bytes) {
    if (!is_at_faulting_ || !stack_.anchors.empty()) return;
    const auto section = read_anchors(bytes, stack_.anchors);
    if (section) stack_.anchors_omitted = section->omitted;
  }

  void read_stack(ByteReader& bytes) {
    const auto section = bytes.read<StackSection>();
    if (!section || stack_.chunks.size() == kMaxChunks) return;
    const auto content = *bytes.take(bytes.remaining());
    if (!fits(section->address, content.size())) return;
    stack_.stack_end = section->stack_end;
    stack_.chunks.push_back({section->address, {content.begin(), content.end()}});
  }

  bool fits(std::uint64_t address, std::size_t size) const {
    const std::uint64_t lowest =
        stack_.chunks.empty() ? 0
                              : stack_.chunks.back().address + stack_.chunks.back().bytes.size();
    return size > 0 && address % kRecordAlignment == 0 && address >= lowest &&
           address + size > address;
  }

  CapturedStack& stack_;
  bool is_at_faulting_ = true;  // no section of another thread has come
};

}  // namespace

std::optional<CapturedStack> CapturedStack::of(std::span<const std::byte> record) {
  CapturedStack stack;
  StackReader reader(stack);
  ByteReader bytes(record);
  while (auto section = take_section(bytes)) reader.read(*section);
  const bool has_registers =
      std::ranges::any_of(stack.registers, [](std::uint64_t value) { return value != 0; });
  if (!has_registers || stack.chunks.empty()) return std::nullopt;
  return stack;
}

std::vector<ThreadAnchors> anchors_of_other_threads(std::span<const std::byte> record) {
  std::vector<ThreadAnchors> all;
  std::optional<ThreadSection> thread;  // the last one, if anchors may follow it
  ByteReader bytes(record);
  while (auto section = take_section(bytes)) {
    if (section->header.version != kSectionVersion) continue;
    if (section->header.tag == SectionTag::kThread) thread = section->bytes.read<ThreadSection>();
    const bool is_wanted = section->header.tag == SectionTag::kAnchors && thread &&
                           !is_of_crashed(*thread) && all.size() < kMaxOtherStacks;
    if (!is_wanted) continue;
    ThreadAnchors& last = all.emplace_back();
    last.list_position = thread->list_position;
    read_anchors(section->bytes, last.anchors);
    thread.reset();
  }
  return all;
}

// What was there before is wiped by the destructor of `other`.
CapturedStack& CapturedStack::operator=(CapturedStack&& other) noexcept {
  registers = other.registers;
  stack_end = other.stack_end;
  chunks.swap(other.chunks);
  anchors.swap(other.anchors);
  anchors_omitted = other.anchors_omitted;
  return *this;
}

CapturedStack::~CapturedStack() {
  for (StackChunk& chunk : chunks) wipe(chunk.bytes);
}

void wipe(std::span<std::byte> bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
}

}  // namespace pyfault

// Builds correct and malformed records (shared/record.h):
//
//   RecordBuilder()
//       .fault(segfault(0x10))
//       .runtime()
//       .code("app.py", "main")
//       .crashed_thread({at(0, 7)})
//       .end()
//
// Nothing is validated: sections have the order and the numbers that the test asks for.
#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "shared/record.h"

namespace pyfault::test {

inline constexpr std::int32_t kPid = 100;
inline constexpr std::int32_t kTid = 101;
inline constexpr std::int64_t kRealtimeNs = 1'700'000'000'123'456'789;
inline constexpr std::int64_t kMonotonicNs = 5'000'000'000;

// A string in one of the widths that CPython stores.
struct Units {
  std::uint8_t unit_size = 1;
  std::string bytes;
  bool truncated = false;
  std::uint64_t hash = kNoHash;

  Units() = default;
  Units(std::uint8_t size, std::string data) : unit_size(size), bytes(std::move(data)) {}
  Units(const char* latin1) : bytes(latin1) {}  // NOLINT: lets tests write "app.py"
};

inline Units ucs2(std::u16string_view text) {
  return {2, std::string(reinterpret_cast<const char*>(text.data()), text.size() * 2)};
}
inline Units ucs4(std::u32string_view text) {
  return {4, std::string(reinterpret_cast<const char*>(text.data()), text.size() * 4)};
}
inline Units unreadable() {
  return {0, ""};
}
inline Units cut(Units text) {
  text.truncated = true;
  return text;
}

// The fault section of thread kTid in process kPid.
inline FaultSection fault_of(std::int32_t signal, std::int32_t code) {
  FaultSection fault{};
  fault.kind = RecordKind::kCrash;
  fault.pid = kPid;
  fault.tid = kTid;
  fault.signal = signal;
  fault.code = code;
  fault.realtime_ns = kRealtimeNs;
  fault.monotonic_ns = kMonotonicNs;
  return fault;
}
inline FaultSection kernel_fault(std::int32_t signal, std::int32_t code, std::uint64_t address) {
  FaultSection fault = fault_of(signal, code);
  fault.address = address;
  return fault;
}
inline FaultSection segfault(std::uint64_t address = 0x7f0000001000) {
  return kernel_fault(SIGSEGV, SEGV_MAPERR, address);
}
// With a program counter and the address in cr2, as after a page fault.
inline FaultSection with_registers(FaultSection fault, std::uint64_t program_counter) {
  fault.registers[16] = program_counter;
  fault.registers[20] = 14;
  fault.registers[22] = fault.address;
  return fault;
}
inline FaultSection sent_signal(std::int32_t signal, std::int32_t code, std::int32_t sender_pid,
                                std::uint32_t sender_uid = 0) {
  FaultSection fault = fault_of(signal, code);
  fault.sender_pid = sender_pid;
  fault.sender_uid = sender_uid;
  return fault;
}
inline FaultSection dump_request() {
  FaultSection fault = fault_of(0, 0);
  fault.kind = RecordKind::kDump;
  return fault;
}

inline FrameEntry frame_entry(FrameKind kind, std::uint64_t value) {
  constexpr std::int32_t kNone = kUnknownPosition;
  return {kind, {}, 0, kNone, kNone, kNone, kNone, value};
}
// A frame of code object `index`, folded with `repeat` more frames that are equal to it.
inline FrameEntry at(std::uint32_t index, std::int32_t line, std::uint64_t repeat = 0) {
  FrameEntry entry = frame_entry(FrameKind::kCode, repeat);
  entry.code_index = index;
  entry.line = line;
  return entry;
}
inline FrameEntry spanning(FrameEntry entry, std::int32_t end_line, std::int32_t column,
                           std::int32_t end_column) {
  entry.end_line = end_line;
  entry.column = column;
  entry.end_column = end_column;
  return entry;
}
inline FrameEntry omitted(std::uint64_t count) {
  return frame_entry(FrameKind::kOmitted, count);
}
inline FrameEntry broken_at(std::uint64_t address) {
  return frame_entry(FrameKind::kUnreadable, address);
}
inline FrameEntry too_deep() {
  return frame_entry(FrameKind::kTooDeep, 0);
}
inline FrameEntry cycle() {
  return frame_entry(FrameKind::kCycle, 0);
}

struct ThreadSpec {
  std::int32_t tid = kTid;
  std::uint64_t ident = 0x7f0000000700;
  std::int64_t interpreter = 0;
  std::uint32_t flags = 0;
  std::uint32_t list_position = 0;
  Units name = {};
};

class RecordBuilder {
 public:
  RecordBuilder& fault(FaultSection section = segfault()) {
    return fixed(SectionTag::kFault, section);
  }

  RecordBuilder& runtime(std::uint32_t version_hex = 0x030d00f0) {
    RuntimeSection section{};
    section.version_hex = version_hex;
    section.pthread_self = ThreadSpec().ident;
    return runtime(section);
  }
  RecordBuilder& runtime(RuntimeSection section) { return fixed(SectionTag::kRuntime, section); }

  RecordBuilder& message(MessageSource source, const Units& type, const Units& text) {
    open(SectionTag::kMessage, MessageSection{{}, source, 0});
    string(type);
    string(text);
    return close();
  }

  RecordBuilder& guard(GuardOutcome outcome) {
    return fixed(SectionTag::kGuard, GuardSection{{}, outcome, 0});
  }

  // Adds the next code object; their indices are 0, 1, 2, ...
  RecordBuilder& code(const Units& file, const Units& qualified_name, const Units& name) {
    CodeSection section{};
    section.address = 0x7f0000010000 + 0x100 * std::uint64_t{next_code_};
    section.index = next_code_++;
    section.first_line = 1;
    open(SectionTag::kCode, section);
    string(file);
    string(qualified_name);
    string(name);
    return close();
  }
  RecordBuilder& code(const Units& file, const Units& function) {
    return code(file, function, function);
  }

  RecordBuilder& thread(const ThreadSpec& spec, const std::vector<FrameEntry>& frames) {
    ThreadSection section{};
    section.ident = spec.ident;
    section.interpreter = spec.interpreter;
    section.tid = spec.tid;
    section.flags = spec.flags;
    section.list_position = spec.list_position;
    section.frame_count = static_cast<std::uint32_t>(frames.size());
    open(SectionTag::kThread, section);
    for (const FrameEntry& frame : frames) append(frame);
    string(spec.name);
    return close();
  }
  RecordBuilder& crashed_thread(const std::vector<FrameEntry>& frames, ThreadSpec spec = {}) {
    spec.flags |= kThreadCrashed;
    return thread(spec, frames);
  }

  // The asyncio task that thread `ident` is running.
  RecordBuilder& task(const Units& name, std::uint64_t number = 0,
                      std::uint64_t ident = ThreadSpec().ident) {
    TaskSection section{};
    section.ident = ident;
    section.number = number;
    open(SectionTag::kTask, section);
    string(name);
    return close();
  }

  RecordBuilder& anchors(const std::vector<Anchor>& list, std::uint32_t omitted = 0) {
    AnchorSection section{};
    section.count = static_cast<std::uint32_t>(list.size());
    section.omitted = omitted;
    open(SectionTag::kAnchors, section);
    for (const Anchor& anchor : list) append(anchor);
    return close();
  }

  RecordBuilder& instruction(std::uint64_t address, std::string_view bytes) {
    InstructionSection section{};
    section.address = address;
    section.size = static_cast<std::uint32_t>(bytes.size());
    open(SectionTag::kInstruction, section);
    append_bytes(bytes);
    return close();
  }

  RecordBuilder& stack(std::uint64_t address, const std::vector<std::uint64_t>& words,
                       std::uint64_t stack_end = 0) {
    StackSection section{};
    section.address = address;
    section.stack_end = stack_end;
    open(SectionTag::kStack, section);
    for (const std::uint64_t word : words) append(word);
    return close();
  }

  RecordBuilder& end(std::uint32_t threads_omitted = 0) {
    EndSection section{};
    section.threads_omitted = threads_omitted;
    return fixed(SectionTag::kEnd, section);
  }

  // Adds any section. `body` is padded.
  RecordBuilder& section(std::uint16_t tag, std::uint16_t version, std::string_view body) {
    open(static_cast<SectionTag>(tag), SectionHeader{});
    patch(section_starts_.back() + offsetof(SectionHeader, version), version);
    append_bytes(body);
    return close();
  }

  // Overwrites bytes at an offset in the record.
  template <typename T>
  RecordBuilder& patch(std::size_t offset, const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memcpy(bytes_.data() + offset, &value, sizeof value);
    return *this;
  }
  // Overwrites bytes at an offset in the section that was added last.
  template <typename T>
  RecordBuilder& patch_last(std::size_t offset, const T& value) {
    return patch(section_starts_.back() + offset, value);
  }

  std::size_t size() const { return bytes_.size(); }
  std::size_t last_section() const { return section_starts_.back(); }
  std::span<const std::byte> bytes() const { return bytes_; }
  std::vector<std::byte>& mutable_bytes() { return bytes_; }

 private:
  template <typename T>
  RecordBuilder& fixed(SectionTag tag, const T& section) {
    open(tag, section);
    return close();
  }

  template <typename T>
  void open(SectionTag tag, const T& section) {
    section_starts_.push_back(bytes_.size());
    append(section);
    patch(section_starts_.back(), SectionHeader{tag, kSectionVersion, 0});
  }

  RecordBuilder& close() {
    bytes_.resize(record_padded(bytes_.size()));
    const auto size = static_cast<std::uint32_t>(bytes_.size() - section_starts_.back());
    return patch_last(offsetof(SectionHeader, size), size);
  }

  void string(const Units& text) {
    const std::size_t units = text.unit_size == 0 ? 0 : text.bytes.size() / text.unit_size;
    append(StringHeader{text.unit_size, text.truncated, 0, static_cast<std::uint32_t>(units),
                        text.hash});
    append_bytes(text.bytes);
    bytes_.resize(record_padded(bytes_.size()));
  }

  template <typename T>
  void append(const T& value) {
    const auto raw = std::as_bytes(std::span(&value, 1));
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  }
  void append_bytes(std::string_view text) {
    const auto raw = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  }

  std::vector<std::byte> bytes_;
  std::vector<std::size_t> section_starts_;
  std::uint32_t next_code_ = 0;
};

}  // namespace pyfault::test

#include "watchdog/minidump/minidump.h"

#include <fmt/format.h>
#include <sys/sysmacros.h>
#include <sys/ucontext.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "watchdog/crash/utf8.h"
#include "watchdog/minidump/minidump_format.h"

namespace pyfault {
namespace {

using minidump::Location;
using minidump::StreamType;

// A part of the program's memory that is written.
struct Memory {
  std::uint64_t address = 0;
  std::span<const std::byte> bytes;
};

Memory memory_of(const StackChunk& chunk, std::uint64_t environment) {
  std::span<const std::byte> bytes(chunk.bytes);
  const bool reaches_it =
      environment >= chunk.address && environment - chunk.address < bytes.size();
  return {chunk.address, reaches_it ? bytes.first(environment - chunk.address) : bytes};
}

// The segments as the kernel packs them: 16 bits each of cs, gs, fs and ss.
std::uint16_t segment(std::uint64_t packed, int index) {
  return static_cast<std::uint16_t>(packed >> (16 * index));
}

minidump::Context context_of(const CapturedStack& stack, bool is_partial) {
  const auto& registers = stack.registers;
  minidump::Context context;
  context.flags = minidump::kHasControl;
  context.rip = registers[REG_RIP];
  context.rsp = registers[REG_RSP];
  if (is_partial) return context;
  context.flags |= minidump::kHasIntegers;
  context.cs = segment(registers[REG_CSGSFS], 0);
  context.gs = segment(registers[REG_CSGSFS], 1);
  context.fs = segment(registers[REG_CSGSFS], 2);
  context.ss = segment(registers[REG_CSGSFS], 3);
  context.eflags = static_cast<std::uint32_t>(registers[REG_EFL]);
  context.rax = registers[REG_RAX];
  context.rcx = registers[REG_RCX];
  context.rdx = registers[REG_RDX];
  context.rbx = registers[REG_RBX];
  context.rbp = registers[REG_RBP];
  context.rsi = registers[REG_RSI];
  context.rdi = registers[REG_RDI];
  static_assert(REG_R8 == 0 && REG_R15 == 7);
  std::copy_n(registers.begin(), 8, context.r8_to_r15);
  return context;
}

std::vector<std::byte> bytes_of_hex(std::string_view digits) {
  std::vector<std::byte> bytes;
  for (std::size_t at = 0; at + 2 <= digits.size(); at += 2) {
    std::uint8_t value = 0;
    std::from_chars(digits.data() + at, digits.data() + at + 2, value, 16);
    bytes.push_back(std::byte{value});
  }
  return bytes;
}

bool is_same_file(const Mapping& one, const Mapping& other) {
  return one.inode == other.inode && one.device == other.device && one.path == other.path;
}

// A file that code is mapped from: all mappings of it that follow each other.
struct CodeFile {
  const Mapping* first = nullptr;
  std::uint64_t end = 0;
};

std::vector<CodeFile> code_files(const MemoryMap& map) {
  std::vector<CodeFile> files;
  const auto& all = map.mappings();
  for (auto at = all.begin(); at != all.end() && files.size() < kMaxMinidumpModules;) {
    const auto next = std::find_if_not(
        at, all.end(), [&](const Mapping& each) { return is_same_file(each, *at); });
    const bool has_code =
        std::any_of(at, next, [](const Mapping& each) { return each.executable; });
    if (has_code && at->inode != 0) files.push_back({&*at, std::prev(next)->end});
    at = next;
  }
  return files;
}

std::string line_of(const Mapping& mapping) {
  return fmt::format("{:x}-{:x} {}{}{}{} {:08x} {:02x}:{:02x} {} {}{}\n", mapping.start,
                     mapping.end, mapping.readable ? 'r' : '-', mapping.writable ? 'w' : '-',
                     mapping.executable ? 'x' : '-', mapping.shared ? 's' : 'p', mapping.offset,
                     major(mapping.device), minor(mapping.device), mapping.inode, mapping.path,
                     mapping.deleted ? " (deleted)" : "");
}

std::string text_of(const MemoryMap& map) {
  std::string text;
  for (const Mapping& mapping : map.mappings()) {
    const std::string line = line_of(mapping);
    if (text.size() + line.size() > kMaxMinidumpMap) break;
    text += line;
  }
  return text;
}

std::string comment_on(const MinidumpContent& content) {
  const std::size_t threads = content.threads.size();
  return fmt::format(
      "pyfault-watchdog wrote this when process {} crashed (crash {}). It holds the registers and "
      "copies of the stack memory of {}, which may hold secrets of the program (passwords, keys, "
      "personal data), and names of files. It does not hold the environment or the heap.",
      content.pid, content.crash.id,
      threads == 1 ? "1 thread" : fmt::format("{} threads", threads));
}

std::u16string to_utf16(std::string_view utf8) {
  std::u16string text;
  while (!utf8.empty()) {
    const CodePoint point = first_code_point(utf8);
    utf8.remove_prefix(point.bytes);
    const char32_t value = point.valid ? point.value : 0xfffd;
    if (value >= 0x10000) text += static_cast<char16_t>(0xd7c0 + (value >> 10));
    text += static_cast<char16_t>(value >= 0x10000 ? 0xdc00 + (value & 0x3ff) : value);
  }
  return text;
}

constexpr std::size_t kStreams = 9;

// Offsets are multiples of 8, as readers on some processors need.
constexpr std::size_t aligned(std::size_t size) {
  return (size + 7) / 8 * 8;
}

// The file is header, directory, memory, and then all else. Where memory lies is thus known from
// the beginning, and it is copied once, into the result.
class Writer {
 public:
  explicit Writer(const MinidumpContent& content) : content_(content) {
    for (const ThreadInMinidump& thread : content.threads) {
      stacks_.push_back(ranges_.size());
      for (const StackChunk& chunk : thread.stack->chunks) {
        take_memory(memory_of(chunk, content.environment));
      }
    }
    if (content.crash.instruction) take_code(*content.crash.instruction);
  }

  std::vector<std::byte> write() {
    add_system();
    add_stream(StreamType::kMiscInfo, process());
    add_threads();
    add_stream(StreamType::kThreadNames, names());
    add_stream(StreamType::kModuleList, modules());
    add_stream(StreamType::kMemoryList, ranges_);
    add_stream(StreamType::kLinuxMaps, text_of(content_.map));
    add_stream(StreamType::kComment, comment_on(content_));
    return assembled();
  }

 private:
  void take_memory(const Memory& memory) {
    ranges_.push_back({memory.address,
                       {static_cast<std::uint32_t>(memory.bytes.size()),
                        static_cast<std::uint32_t>(rest_offset_)}});
    memory_.push_back(memory);
    rest_offset_ += aligned(memory.bytes.size());
  }

  // Readers expect that no memory is there twice.
  void take_code(const Instruction& code) {
    const auto bytes = std::as_bytes(std::span(code.bytes));
    const bool is_on_stack = std::ranges::any_of(memory_, [&](const Memory& each) {
      return code.bytes_address < each.address + each.bytes.size() &&
             each.address < code.bytes_address + bytes.size();
    });
    if (!is_on_stack && !bytes.empty()) take_memory({code.bytes_address, bytes});
  }

  // Each add() returns the place of what it has added.
  Location add(std::span<const std::byte> bytes) {
    rest_.resize(aligned(rest_.size()));
    const std::size_t offset = rest_offset_ + rest_.size();
    rest_.insert(rest_.end(), bytes.begin(), bytes.end());
    return {static_cast<std::uint32_t>(bytes.size()), static_cast<std::uint32_t>(offset)};
  }

  template <typename T>
  Location add(const T& value) {
    return add(std::as_bytes(std::span(&value, 1)));
  }

  Location add(const std::string& text) { return add(std::as_bytes(std::span(text))); }

  // The number of entries, and the entries.
  template <typename T>
  Location add(const std::vector<T>& entries) {
    return add_after(static_cast<std::uint32_t>(entries.size()), std::as_bytes(std::span(entries)));
  }

  Location add_after(std::uint32_t number, std::span<const std::byte> bytes) {
    const Location first = add(number);
    rest_.insert(rest_.end(), bytes.begin(), bytes.end());
    return {static_cast<std::uint32_t>(first.size + bytes.size()), first.offset};
  }

  // Returns the offset of the text: its size in bytes, UTF-16, and a zero.
  std::uint32_t add_text(std::string_view utf8) {
    const std::u16string text = to_utf16(utf8);
    return add_after(static_cast<std::uint32_t>(text.size() * sizeof(char16_t)),
                     std::as_bytes(std::span(text.c_str(), text.size() + 1)))
        .offset;
  }

  template <typename T>
  void add_stream(StreamType type, const T& stream) {
    directory_.push_back({type, add(stream)});
  }

  void add_system() {
    minidump::SystemInfo system;
    system.version_text = add_text("Linux");
    add_stream(StreamType::kSystemInfo, system);
  }

  minidump::MiscInfo process() const {
    minidump::MiscInfo process;
    process.pid = static_cast<std::uint32_t>(content_.pid);
    return process;
  }

  void add_threads() {
    std::vector<minidump::Thread> threads;
    for (std::size_t index = 0; index < content_.threads.size(); ++index) {
      const ThreadInMinidump& each = content_.threads[index];
      minidump::Thread& thread = threads.emplace_back();
      thread.id = static_cast<std::uint32_t>(each.tid);
      if (!each.stack->chunks.empty()) thread.stack = ranges_[stacks_[index]];
      thread.context = add(context_of(*each.stack, each.is_partial));
    }
    add_stream(StreamType::kThreadList, threads);
    add_stream(StreamType::kException, exception_of(threads.front()));
  }

  minidump::Exception exception_of(const minidump::Thread& thread) const {
    const Signal& signal = content_.crash.signal;
    minidump::Exception exception;
    exception.thread = thread.id;
    exception.code = static_cast<std::uint32_t>(signal.number);
    exception.flags = static_cast<std::uint32_t>(signal.code);
    exception.address = signal.address.value_or(0);
    exception.context = thread.context;
    return exception;
  }

  std::vector<minidump::ThreadName> names() {
    std::vector<minidump::ThreadName> names;
    for (const ThreadInMinidump& each : content_.threads) {
      const auto thread = std::ranges::find(content_.crash.threads, each.tid, &Thread::tid);
      if (thread == content_.crash.threads.end()) continue;
      const std::string& name = thread->name.empty() ? thread->native_name : thread->name;
      if (!name.empty()) names.push_back({static_cast<std::uint32_t>(each.tid), add_text(name)});
    }
    return names;
  }

  std::vector<minidump::Module> modules() {
    std::vector<minidump::Module> modules;
    for (const CodeFile& file : code_files(content_.map)) {
      minidump::Module& module = modules.emplace_back();
      module.base = file.first->start;
      module.size = static_cast<std::uint32_t>(file.end - file.first->start);
      module.name = add_text(file.first->path);
      const auto known = std::ranges::find(content_.modules, file.first->start, &Module::start);
      if (known == content_.modules.end() || known->build_id.empty()) continue;
      const std::vector<std::byte> build_id = bytes_of_hex(known->build_id);
      module.code_view = add_after(minidump::kBuildIdSignature, build_id);
    }
    return modules;
  }

  std::vector<std::byte> assembled() const {
    minidump::Header header;
    header.streams = static_cast<std::uint32_t>(directory_.size());
    header.directory = sizeof header;
    header.time = static_cast<std::uint32_t>(content_.crash.realtime_ns / 1'000'000'000);
    std::vector<std::byte> file(rest_offset_);
    file.reserve(rest_offset_ + rest_.size());
    std::memcpy(file.data(), &header, sizeof header);
    std::memcpy(file.data() + header.directory, directory_.data(),
                directory_.size() * sizeof directory_[0]);
    for (std::size_t index = 0; index < memory_.size(); ++index) {
      std::ranges::copy(memory_[index].bytes, file.begin() + ranges_[index].bytes.offset);
    }
    file.insert(file.end(), rest_.begin(), rest_.end());
    return file;
  }

  const MinidumpContent& content_;
  std::vector<minidump::DirectoryEntry> directory_;
  std::vector<Memory> memory_;
  std::vector<minidump::MemoryRange> ranges_;  // where each of memory_ lies
  std::vector<std::size_t> stacks_;            // by thread, the index of its first range
  std::size_t rest_offset_ =
      aligned(sizeof(minidump::Header) + kStreams * sizeof(minidump::DirectoryEntry));
  std::vector<std::byte> rest_;
};

}  // namespace

std::vector<std::byte> write_minidump(const MinidumpContent& content) {
  return Writer(content).write();
}

}  // namespace pyfault

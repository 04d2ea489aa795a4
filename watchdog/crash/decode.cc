#include "watchdog/crash/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/record.h"
#include "watchdog/crash/byte_reader.h"
#include "watchdog/crash/explain_signal.h"
#include "watchdog/crash/fingerprint.h"
#include "watchdog/crash/frame_decoder.h"
#include "watchdog/crash/guard_outcome.h"
#include "watchdog/crash/incomplete_reason.h"
#include "watchdog/crash/raw_section.h"
#include "watchdog/crash/record_text.h"
#include "watchdog/crash/registers.h"
#include "watchdog/crash/signal_names.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxThreads = 65536;
constexpr std::int32_t kLastSignal = 64;

// A full slot of ordinary frames (32 bytes each, with 100 to 300 bytes of text) stays below this.
std::size_t text_budget(std::size_t record_size) {
  return (std::size_t{1} << 20) + 16 * record_size;
}

// Spells PY_VERSION_HEX as Python does: "3.13.0", "3.14.0rc1".
std::string spell_version(std::uint32_t hex) {
  const auto byte = [hex](int shift) { return hex >> shift & 0xff; };
  std::string version = fmt::format("{}.{}.{}", byte(24), byte(16), byte(8));
  const unsigned serial = hex & 15;
  switch (hex >> 4 & 15) {
    case 0xa:
      return fmt::format("{}a{}", version, serial);
    case 0xb:
      return fmt::format("{}b{}", version, serial);
    case 0xc:
      return fmt::format("{}rc{}", version, serial);
    default:
      return version;
  }
}

std::optional<bool> known(Known fact) {
  if (fact == Known::kYes) return true;
  if (fact == Known::kNo) return false;
  return std::nullopt;
}

std::optional<LastWords::Source> speaker(MessageSource source) {
  switch (source) {
    case MessageSource::kLibc:
      return LastWords::Source::kLibc;
    case MessageSource::kException:
      return LastWords::Source::kException;
    case MessageSource::kPython:
      return LastWords::Source::kPython;
    case MessageSource::kStderr:
      return LastWords::Source::kStderr;
  }
  return std::nullopt;
}

bool is_valid(const FaultSection& fault) {
  if (fault.pid <= 0 || fault.tid < 0) return false;
  switch (fault.kind) {
    case RecordKind::kCrash:
      return fault.signal >= 1 && fault.signal <= kLastSignal;
    case RecordKind::kDump:
      return fault.signal >= 0 && fault.signal <= kLastSignal && fault.tid > 0;
  }
  return false;
}

std::optional<std::vector<FrameEntry>> read_frames(ByteReader& reader, std::uint32_t count) {
  if (count > kMaxFrameEntries || count > reader.remaining() / sizeof(FrameEntry))
    return std::nullopt;
  std::vector<FrameEntry> frames(count);
  for (FrameEntry& frame : frames) frame = *reader.read<FrameEntry>();
  return frames;
}

// Walks over the sections. It stops at the first one that violates record.h: the sections before it
// are kept, those after it are not read.
class RecordWalk {
 public:
  explicit RecordWalk(const RawRecord& record)
      : record_(record), reader_(record.bytes), frames_(text_budget(record.bytes.size())) {}

  std::optional<Crash> run() {
    while (reader_.remaining() > 0 && !outcome_.ended && outcome_.damage.empty()) take_next();
    if (!seen_fault_) return std::nullopt;
    // Crash guarantees this order, which a corrupted record may violate.
    std::stable_partition(crash_.threads.begin(), crash_.threads.end(),
                          [](const Thread& thread) { return thread.crashed; });
    crash_.fingerprint = fingerprint(crash_);
    outcome_.frames_damaged = frames_.damaged();
    outcome_.has_runtime = seen_runtime_;
    outcome_.has_culprit = crash_.tid != 0;
    if (!outcome_.has_culprit) {
      for (Thread& thread : crash_.threads) thread.crashed = false;
    }
    outcome_.threads = crash_.threads.size();
    if (!crash_.threads.empty() && outcome_.has_culprit)
      outcome_.gap = gap_in(crash_.threads.front());
    crash_.incomplete_reason = incomplete_reason(record_, outcome_);
    crash_.complete = crash_.incomplete_reason.empty();
    if (!record_.published) crash_.fatal = true;
    return std::move(crash_);
  }

 private:
  // What may come when in a record, and what takes it.
  struct SectionRule {
    SectionTag tag;
    bool (RecordWalk::*is_due)() const;
    // Reads the section from its header on; bytes after what it knows are ignored. Returns false if
    // the section violates record.h.
    bool (RecordWalk::*accept)(ByteReader& section);
  };
  // Returns null for what is not decoded: sections that a later writer has added, and the raw stack
  // with its anchors (captured_stack.h).
  static const SectionRule* rule_of(SectionTag tag);

  void take_next() {
    section_start_ = reader_.position();
    auto section = take_section(reader_);
    if (!section) return damage("malformed section");
    const SectionRule* rule = rule_of(section->header.tag);
    if (rule == nullptr) return;
    if (!(this->*rule->is_due)()) return damage("section out of order");
    if (section->header.version != kSectionVersion) return skip(section->header);
    if (!(this->*rule->accept)(section->bytes)) damage("malformed section");
  }

  bool is_at_start() const { return !seen_fault_; }
  bool is_after_fault() const { return seen_fault_ && !seen_runtime_; }
  bool is_after_runtime() const { return seen_runtime_; }
  bool is_without_message() const { return seen_runtime_ && !crash_.last_words; }
  bool is_after_thread() const { return seen_thread_ && !seen_instruction_; }

  bool accept_fault(ByteReader& section) {
    const auto fault = section.read<FaultSection>();
    if (!fault || !is_valid(*fault)) return false;
    seen_fault_ = true;
    const bool dump = fault->kind == RecordKind::kDump;
    crash_.kind = dump ? CrashKind::kDump : CrashKind::kCrash;
    crash_.realtime_ns = std::max<std::int64_t>(0, fault->realtime_ns);
    crash_.monotonic_ns = std::max<std::int64_t>(0, fault->monotonic_ns);
    crash_.pid = fault->pid;
    crash_.tid = fault->tid;
    if (!dump) {
      crash_.signal = explain_signal(*fault);
      crash_.registers = registers_of(*fault);
    }
    if (dump && fault->signal != 0) {
      crash_.requested_by =
          RequestingSignal{signal_name(fault->signal), fault->sender_pid, fault->sender_uid};
    }
    return true;
  }

  bool accept_runtime(ByteReader& section) {
    const auto runtime = section.read<RuntimeSection>();
    if (!runtime) return false;
    seen_runtime_ = true;
    crash_.python.version_hex = runtime->version_hex;
    crash_.python.version = spell_version(runtime->version_hex);
    crash_.python.free_threaded = runtime->free_threaded == Known::kYes;
    crash_.python.finalizing = known(runtime->finalizing);
    crash_.python.collecting_garbage = known(runtime->collecting_garbage);
    if (runtime->has_hash_key == Known::kYes)
      hasher_ = string_hasher(runtime->version_hex, runtime->hash_key);
    if (runtime->fatal == Known::kYes) crash_.fatal = true;
    return true;
  }

  bool accept_message(ByteReader& section) {
    const auto message = section.read<MessageSection>();
    if (!message) return false;
    const auto source = speaker(message->source);
    auto type = read_bytes(section);
    auto text = read_bytes(section);
    if (!source || !type || !text) return false;
    crash_.last_words = LastWords{*source, *std::move(type), *std::move(text)};
    return true;
  }

  // A record that ends in the handler is that of a process that has not come back from there.
  bool accept_guard(ByteReader& section) {
    const auto guard = section.read<GuardSection>();
    if (!guard) return false;
    const auto words = words_of(guard->outcome);
    if (!words || crash_.kind == CrashKind::kDump) return true;
    const bool went_on =
        record_.published && !crash_.fatal && record_.cut_short != CutShort::kFaultInHandler;
    if (guard->outcome == GuardOutcome::kException && !went_on) return true;
    crash_.became_exception = guard->outcome == GuardOutcome::kException;
    crash_.exception_refused = words->word;
    crash_.guard = words->sentence;
    return true;
  }

  bool accept_code(ByteReader& section) {
    const auto code = section.read<CodeSection>();
    if (!code) return false;
    auto file = read_text(section, hasher_);
    auto qualified_name = read_text(section, hasher_);
    auto name = read_text(section, hasher_);
    return file && qualified_name && name &&
           frames_.add({code->address, code->index, *std::move(file), *std::move(qualified_name),
                        *std::move(name)});
  }

  bool accept_thread(ByteReader& section) {
    const auto fixed = section.read<ThreadSection>();
    if (!fixed || crash_.threads.size() == kMaxThreads) return false;
    seen_thread_ = true;
    const auto frames = read_frames(section, fixed->frame_count);
    auto name = read_text(section);
    if (!frames || !name) return false;
    Thread thread;
    if (fixed->tid > 0) thread.tid = fixed->tid;
    thread.ident = fixed->ident;
    thread.name = std::move(name->value);
    thread.crashed = (fixed->flags & kThreadCrashed) != 0;
    if (fixed->interpreter >= 0) thread.interpreter = fixed->interpreter;
    thread.list_position = fixed->list_position;
    thread.frames.reserve(frames->size());
    for (const FrameEntry& entry : *frames) thread.frames.push_back(frames_.decode(entry));
    crash_.threads.push_back(std::move(thread));
    return true;
  }

  // If its thread's section was skipped, the task is dropped.
  bool accept_task(ByteReader& section) {
    const auto task = section.read<TaskSection>();
    auto name = read_text(section);
    if (!task || !name) return false;
    const bool follows = !crash_.threads.empty() && crash_.threads.back().ident == task->ident;
    if (!follows) return true;
    crash_.threads.back().task =
        task->number != 0 ? fmt::format("Task-{}", task->number) : std::move(name->value);
    return true;
  }

  // Without registers, it is not known where among the bytes the instruction begins.
  bool accept_instruction(ByteReader& section) {
    const auto fixed = section.read<InstructionSection>();
    if (!fixed || fixed->size > 2 * kInstructionBytes) return false;
    const auto bytes = section.take(fixed->size);
    if (!bytes) return false;
    seen_instruction_ = true;
    const auto counter = value_of(crash_.registers, "rip");
    if (!counter) return true;
    Instruction& instruction = crash_.instruction.emplace();
    instruction.address = *counter;
    instruction.bytes_address = fixed->address;
    for (const std::byte byte : *bytes)
      instruction.bytes.push_back(static_cast<std::uint8_t>(byte));
    return true;
  }

  bool accept_end(ByteReader& section) {
    const auto end = section.read<EndSection>();
    if (!end) return false;
    outcome_.ended = true;
    outcome_.threads_omitted = crash_.threads_omitted = end->threads_omitted;
    return true;
  }

  // A section of a version that is not known is ignored; the following ones may still be valid.
  void skip(const SectionHeader& header) {
    if (header.tag == SectionTag::kRuntime) seen_runtime_ = true;
    if (header.tag == SectionTag::kThread) seen_thread_ = true;
    outcome_.sections_skipped = true;
  }

  void damage(std::string_view what) {
    outcome_.damage = fmt::format("{} at byte {}", what, section_start_);
  }

  const RawRecord& record_;
  ByteReader reader_;
  FrameDecoder frames_;
  std::optional<StringHasher> hasher_;
  Crash crash_;
  std::size_t section_start_ = 0;
  bool seen_fault_ = false;
  bool seen_runtime_ = false;
  bool seen_thread_ = false;
  bool seen_instruction_ = false;
  WalkOutcome outcome_;
};

const RecordWalk::SectionRule* RecordWalk::rule_of(SectionTag tag) {
  static constexpr SectionRule kRules[] = {
      {SectionTag::kFault, &RecordWalk::is_at_start, &RecordWalk::accept_fault},
      {SectionTag::kRuntime, &RecordWalk::is_after_fault, &RecordWalk::accept_runtime},
      {SectionTag::kMessage, &RecordWalk::is_without_message, &RecordWalk::accept_message},
      {SectionTag::kGuard, &RecordWalk::is_after_runtime, &RecordWalk::accept_guard},
      {SectionTag::kCode, &RecordWalk::is_after_runtime, &RecordWalk::accept_code},
      {SectionTag::kThread, &RecordWalk::is_after_runtime, &RecordWalk::accept_thread},
      {SectionTag::kTask, &RecordWalk::is_after_runtime, &RecordWalk::accept_task},
      {SectionTag::kInstruction, &RecordWalk::is_after_thread, &RecordWalk::accept_instruction},
      {SectionTag::kEnd, &RecordWalk::is_after_runtime, &RecordWalk::accept_end},
  };
  const auto* rule = std::ranges::find(kRules, tag, &SectionRule::tag);
  return rule != std::end(kRules) ? rule : nullptr;
}

}  // namespace

std::optional<Crash> decode(const RawRecord& record) {
  return RecordWalk(record).run();
}

}  // namespace pyfault

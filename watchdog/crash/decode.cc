#include "watchdog/crash/decode.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "watchdog/crash/byte_reader.h"
#include "watchdog/crash/explain_signal.h"
#include "watchdog/crash/fingerprint.h"
#include "watchdog/crash/frame_decoder.h"
#include "watchdog/crash/incomplete_reason.h"
#include "watchdog/crash/record_text.h"
#include "watchdog/crash/signal_names.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxThreads = 65536;

// A full slot of ordinary frames (32 bytes each, with 100 to 300 bytes of text) stays below this.
std::size_t text_budget(std::size_t record_size) {
  return (std::size_t{1} << 20) + 16 * record_size;
}

// Spells PY_VERSION_HEX as Python does: "3.13.0", "3.14.0rc1".
std::string spell_version(std::uint32_t hex) {
  const auto part = [hex](int shift) { return std::to_string(hex >> shift & 0xff); };
  std::string version = part(24) + '.' + part(16) + '.' + part(8);
  const auto serial = std::to_string(hex & 15);
  switch (hex >> 4 & 15) {
    case 0xa:
      return version + 'a' + serial;
    case 0xb:
      return version + 'b' + serial;
    case 0xc:
      return version + "rc" + serial;
    default:
      return version;
  }
}

std::optional<bool> known(Known fact) {
  if (fact == Known::kYes) return true;
  if (fact == Known::kNo) return false;
  return std::nullopt;
}

LastWords::Source speaker(MessageSource source) {
  switch (source) {
    case MessageSource::kException:
      return LastWords::Source::kException;
    case MessageSource::kPython:
      return LastWords::Source::kPython;
    case MessageSource::kStderr:
      return LastWords::Source::kStderr;
    case MessageSource::kLibc:
      break;
  }
  return LastWords::Source::kLibc;
}

bool is_known(SectionTag tag) {
  return tag >= SectionTag::kFault && tag <= SectionTag::kTask;
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
  void take_next() {
    section_start_ = reader_.position();
    const auto section = take_section(reader_);
    if (!section) return damage("malformed section");
    if (!is_known(section->header.tag)) return;  // added by a later writer
    if (!in_order(section->header.tag)) return damage("section out of order");
    if (section->header.version != kSectionVersion) return skip(section->header);
    if (!accept(*section)) damage("malformed section");
  }

  bool in_order(SectionTag tag) const {
    switch (tag) {
      case SectionTag::kFault:
        return !seen_fault_;
      case SectionTag::kRuntime:
        return seen_fault_ && !seen_runtime_;
      case SectionTag::kMessage:
        return seen_runtime_ && !crash_.last_words;
      case SectionTag::kCode:
      case SectionTag::kThread:
      case SectionTag::kTask:
      case SectionTag::kEnd:
        return seen_runtime_;
    }
    return true;
  }

  // Returns false if the section's body is invalid.
  bool accept(const RawSection& section) {
    switch (section.header.tag) {
      case SectionTag::kFault:
        return accept(parse_fault(section));
      case SectionTag::kRuntime:
        return accept(parse_runtime(section));
      case SectionTag::kMessage:
        return accept(parse_message(section));
      case SectionTag::kCode:
        return accept(parse_code(section, hasher_));
      case SectionTag::kThread:
        return accept(parse_thread(section));
      case SectionTag::kTask:
        return accept(parse_task(section));
      case SectionTag::kEnd:
        return accept(parse_end(section));
    }
    return true;
  }

  bool accept(const std::optional<FaultSection>& fault) {
    if (!fault) return false;
    seen_fault_ = true;
    const bool dump = fault->kind == RecordKind::kDump;
    crash_.kind = dump ? CrashKind::kDump : CrashKind::kCrash;
    crash_.realtime_ns = std::max<std::int64_t>(0, fault->realtime_ns);
    crash_.monotonic_ns = std::max<std::int64_t>(0, fault->monotonic_ns);
    crash_.pid = fault->pid;
    crash_.tid = fault->tid;
    if (!dump) crash_.signal = explain_signal(*fault);
    if (dump && fault->signal != 0) {
      crash_.requested_by =
          RequestingSignal{signal_name(fault->signal), fault->sender_pid, fault->sender_uid};
    }
    return true;
  }

  bool accept(const std::optional<RuntimeSection>& runtime) {
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

  bool accept(std::optional<MessageRecord> message) {
    if (!message) return false;
    crash_.last_words =
        LastWords{speaker(message->source), std::move(message->type), std::move(message->text)};
    return true;
  }

  bool accept(std::optional<CodeObject> code) { return code && frames_.add(*std::move(code)); }

  bool accept(std::optional<ThreadRecord> record) {
    if (!record || crash_.threads.size() == kMaxThreads) return false;
    Thread thread;
    if (record->fixed.tid > 0) thread.tid = record->fixed.tid;
    thread.ident = record->fixed.ident;
    thread.name = std::move(record->name.value);
    thread.crashed = (record->fixed.flags & kThreadCrashed) != 0;
    if (record->fixed.interpreter >= 0) thread.interpreter = record->fixed.interpreter;
    thread.list_position = record->fixed.list_position;
    thread.frames.reserve(record->frames.size());
    for (const FrameEntry& entry : record->frames) thread.frames.push_back(frames_.decode(entry));
    crash_.threads.push_back(std::move(thread));
    return true;
  }

  // If its thread's section was skipped, the task is dropped.
  bool accept(std::optional<TaskRecord> task) {
    if (!task) return false;
    const bool follows =
        !crash_.threads.empty() && crash_.threads.back().ident == task->fixed.ident;
    if (!follows) return true;
    crash_.threads.back().task = task->fixed.number != 0
                                     ? "Task-" + std::to_string(task->fixed.number)
                                     : std::move(task->name.value);
    return true;
  }

  bool accept(const std::optional<EndSection>& end) {
    if (!end) return false;
    outcome_.ended = true;
    outcome_.threads_omitted = crash_.threads_omitted = end->threads_omitted;
    return true;
  }

  // A section of a version that is not known is ignored; the following ones may still be valid.
  void skip(const SectionHeader& header) {
    if (header.tag == SectionTag::kRuntime) seen_runtime_ = true;
    outcome_.sections_skipped = true;
  }

  void damage(std::string_view what) {
    outcome_.damage = std::string(what) + " at byte " + std::to_string(section_start_);
  }

  const RawRecord& record_;
  ByteReader reader_;
  FrameDecoder frames_;
  std::optional<StringHasher> hasher_;
  Crash crash_;
  std::size_t section_start_ = 0;
  bool seen_fault_ = false;
  bool seen_runtime_ = false;
  WalkOutcome outcome_;
};

}  // namespace

std::optional<Crash> decode(const RawRecord& record) {
  return RecordWalk(record).run();
}

}  // namespace pyfault

// The record: what a crashing process says about itself, as bytes in a slot of the ring.
//
// Promise. A record is a sequence of sections. Every prefix that ends where a section ends is
// itself a valid record, so a writer that dies half-way leaves the sections it had committed.
// Everything is copied raw; nothing is decoded, formatted or allocated by the writer.
//
// Words.
//   section  tag, version and size, then a body; its size is a multiple of 8 and counts the header.
//   string   StringHeader, then `units` code units of `unit_size` bytes as CPython holds them
//            (Latin-1, UCS-2 or UCS-4), then padding to a multiple of 8. The header has the hash
//            that CPython keeps with a str, so that the reader can tell an overwritten one.
//   code     a code object, written once a record, before the first frame that names it.
//
// Order.
//   fault, runtime, message where there is one, { code..., thread } for the faulting thread where
//   that is known, { code..., thread } for each other thread, end. A task section follows the
//   thread section that it belongs to. Without the end section the record is incomplete.
//
// Both sides run on one machine, so the byte order is the machine's. The reader trusts none of it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyfault {

enum class SectionTag : std::uint16_t {
  kFault = 1,
  kRuntime = 2,
  kCode = 3,
  kThread = 4,
  kEnd = 5,
  kMessage = 6,
  kTask = 7
};

inline constexpr std::uint16_t kSectionVersion = 1;
inline constexpr std::size_t kRecordAlignment = 8;

constexpr std::size_t record_padded(std::size_t size) {
  return (size + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

struct SectionHeader {
  SectionTag tag;
  std::uint16_t version;
  std::uint32_t size;  // bytes, this header and the padding included
};
static_assert(sizeof(SectionHeader) == 8);

enum class RecordKind : std::uint32_t { kCrash = 1, kDump = 2 };

// General registers in the order of the kernel's and glibc's gregset_t on x86-64
// (<sys/ucontext.h>).
inline constexpr std::size_t kRegisterCount = 23;

struct FaultSection {
  SectionHeader header;
  RecordKind kind;
  std::int32_t pid;           // as the process sees itself
  std::int32_t tid;           // of the faulting (or dumping) thread; 0: not known, of a sent signal
  std::int32_t signal;        // of a dump: the one that was the reason for it, or 0
  std::int32_t code;          // si_code
  std::int32_t error_number;  // si_errno
  std::int32_t sender_pid;    // si_pid where the code says that a process sent the signal
  std::uint32_t sender_uid;   // si_uid, likewise
  std::uint64_t address;      // si_addr where the kernel raised the signal
  std::int64_t realtime_ns;   // CLOCK_REALTIME when the handler began
  std::int64_t monotonic_ns;  // CLOCK_MONOTONIC, likewise
  std::uint64_t registers[kRegisterCount];
};
static_assert(sizeof(FaultSection) == 64 + 8 * kRegisterCount);

// What could be read of a yes-or-no fact.
enum class Known : std::uint8_t { kNo = 0, kYes = 1, kUnknown = 2 };

struct RuntimeSection {
  SectionHeader header;
  std::uint32_t version_hex;  // PY_VERSION_HEX of the running interpreter
  Known free_threaded;
  Known finalizing;
  Known collecting_garbage;  // in the interpreter of the faulting thread
  Known fatal;  // yes: the signal's default action stands behind the handler; no in a dump
  std::uint64_t pthread_self;  // of the faulting thread; a thread's `ident` is the same number
  std::uint64_t hash_key[2];   // _Py_HashSecret: what the strings' hashes were made with
  Known has_hash_key;
  std::uint8_t reserved[7];
};
static_assert(sizeof(RuntimeSection) == 48);

// Who said why the program gave up.
enum class MessageSource : std::uint32_t {
  kLibc = 1,       // glibc: a failed assertion, a corrupted heap, a smashed stack
  kException = 2,  // a C++ exception that nobody caught
  kPython = 3,     // the interpreter: Py_FatalError
  kStderr = 4,     // none of these: what the program last wrote to its stderr, in lines
};

struct MessageSection {
  SectionHeader header;
  MessageSource source;
  std::uint32_t reserved;
  // then two strings: the exception's type, as C++ spells it, and the text; either may be empty.
  // Their units are bytes, in whatever encoding the program uses.
};
static_assert(sizeof(MessageSection) == 16);

// Longer strings are cut by the writer and marked. 4096 holds every path (PATH_MAX).
inline constexpr std::uint32_t kMaxStringUnits = 4096;

struct StringHeader {
  std::uint8_t unit_size;  // 1, 2 or 4 bytes a code point; 0: could not be read, and `units` is 0
  std::uint8_t truncated;  // 1: the string goes on
  std::uint16_t reserved;
  std::uint32_t units;
  std::uint64_t hash;  // of the whole str, as the interpreter remembers it; kNoHash: it does not
};
static_assert(sizeof(StringHeader) == 16);

inline constexpr std::uint64_t kNoHash = UINT64_MAX;

struct CodeSection {
  SectionHeader header;
  std::uint64_t address;    // of the code object
  std::uint32_t index;      // 0, 1, 2, ... in the order of the record's code sections
  std::int32_t first_line;  // co_firstlineno
  // then three strings: file name, qualified name (empty before 3.11), name
};
static_assert(sizeof(CodeSection) == 24);

enum class FrameKind : std::uint8_t {
  kCode = 1,        // a frame; `value` = further identical frames folded into this one
  kOmitted = 2,     // `value` frames were left out here
  kUnreadable = 3,  // the chain broke at address `value`
  kCycle = 4,       // from here the chain leads back into frames already given
  kTooDeep = 5,     // further frames, not counted: the chain is longer than it is followed
};

inline constexpr std::int32_t kUnknownPosition = -1;
// As a line: the frame stands at no instruction of this code; one of both has been overwritten.
inline constexpr std::int32_t kAstray = -2;

struct FrameEntry {
  FrameKind kind;
  std::uint8_t reserved[3];
  std::uint32_t code_index;  // of a code section earlier in the record
  std::int32_t line;         // 1-based; kUnknownPosition where CPython has none, here and below
  std::int32_t end_line;
  std::int32_t column;  // 0-based, in UTF-8 bytes of the source line (PEP 657)
  std::int32_t end_column;
  std::uint64_t value;
};
static_assert(sizeof(FrameEntry) == 32);

// Both ends of a deeper stack are kept: this many entries from the innermost frame on, and from the
// outermost back. faulthandler stops at 100.
inline constexpr std::uint32_t kInnermostEntries = 192;
inline constexpr std::uint32_t kOutermostEntries = 64;
inline constexpr std::uint32_t kMaxFrameEntries = kInnermostEntries + 2 + kOutermostEntries + 1;

inline constexpr std::int64_t kNoInterpreter = -1;  // a thread that Python does not know

enum ThreadFlags : std::uint32_t { kThreadCrashed = 1 };

struct ThreadSection {
  SectionHeader header;
  std::uint64_t ident;          // pthread_self() of the thread, threading.get_ident() in Python
  std::int64_t interpreter;     // interpreter id or kNoInterpreter
  std::int32_t tid;             // native thread id; 0 where unknown
  std::uint32_t flags;          // ThreadFlags
  std::uint32_t list_position;  // 0, 1, 2, ... in the order in which CPython's own lists hold them
  std::uint32_t frame_count;    // <= kMaxFrameEntries
  // then frame_count FrameEntry, innermost first, then one string: the thread's name
};
static_assert(sizeof(ThreadSection) == 40);

// The asyncio task that a thread was running a step of.
struct TaskSection {
  SectionHeader header;
  std::uint64_t ident;   // of the thread
  std::uint64_t number;  // n where the task is "Task-n" and nobody has asked for its name; or 0
  // then one string: the task's name where `number` is 0
};
static_assert(sizeof(TaskSection) == 24);

struct EndSection {
  SectionHeader header;
  std::uint32_t threads_omitted;  // for want of room in the slot
  std::uint32_t reserved;
};
static_assert(sizeof(EndSection) == 16);

}  // namespace pyfault

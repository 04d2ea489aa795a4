// The format of a record: what a process that crashes or is dumped writes about itself into a slot
// of the ring.
//
// Guarantees. A record is a sequence of sections. Every prefix that ends at a section boundary is
// itself a valid record, so a writer that dies half-way leaves the sections it has committed. The
// writer copies data raw, except that it decodes source positions and task numbers; it never
// formats or allocates.
//
// Terms.
//   section  tag, version and size, then a body; its size is a multiple of 8, header included.
//   string   StringHeader, then `units` code units of `unit_size` bytes as CPython stores them
//            (Latin-1, UCS-2 or UCS-4), then padding to a multiple of 8. The header contains the
//            hash that CPython caches in a str, so the reader can detect an overwritten string.
//   code     a code object, written before the first frame that refers to it; once per record,
//            unless the record has more code objects than the writer can remember (capture.h).
//
// Order.
//   fault, runtime, message if there is one, guard if one was open, { code..., thread } for the
//   faulting thread if it is known, { code..., thread } for each other thread, end. A task section
//   follows the thread section that it belongs to. If native stacks are wanted, anchors follow a
//   thread that has them, and the faulting thread, or the one that dumps, is also followed by its
//   native stack, as far as that is known: instruction, and one or two stack sections. A record
//   without the end section is incomplete.
//
// Writer and reader run on the same host, so values are in native byte order. The reader trusts
// nothing in a record.
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
  kTask = 7,
  kAnchors = 8,
  kInstruction = 9,
  kStack = 10,
  kGuard = 11
};

inline constexpr std::uint16_t kSectionVersion = 1;
inline constexpr std::size_t kRecordAlignment = 8;

constexpr std::size_t record_padded(std::size_t size) {
  return (size + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

struct SectionHeader {
  SectionTag tag;
  std::uint16_t version;
  std::uint32_t size;  // in bytes, including this header and the padding
};
static_assert(sizeof(SectionHeader) == 8);

enum class RecordKind : std::uint32_t { kCrash = 1, kDump = 2 };

// General registers, in the order of the processor's gregset_t (<sys/ucontext.h>).
#if defined(__x86_64__)
inline constexpr std::size_t kRegisterCount = 23;
#else
#error "the registers that a record holds on this processor are not defined"
#endif

struct FaultSection {
  SectionHeader header;
  RecordKind kind;
  std::int32_t pid;           // in the process's own PID namespace
  std::int32_t tid;           // the faulting (or dumping) thread; 0: unknown (the signal was sent)
  std::int32_t signal;        // for a dump: the signal that caused it, or 0
  std::int32_t code;          // si_code
  std::int32_t error_number;  // si_errno
  std::int32_t sender_pid;    // si_pid if si_code says that a process sent the signal
  std::uint32_t sender_uid;   // si_uid under the same condition
  std::uint64_t address;      // si_addr if the kernel raised the signal
  std::int64_t realtime_ns;   // CLOCK_REALTIME when the record was begun
  std::int64_t monotonic_ns;  // CLOCK_MONOTONIC at the same time
  std::uint64_t registers[kRegisterCount];
};
static_assert(sizeof(FaultSection) == 64 + 8 * kRegisterCount);

// A boolean that the writer may have been unable to read.
enum class Known : std::uint8_t { kNo = 0, kYes = 1, kUnknown = 2 };

struct RuntimeSection {
  SectionHeader header;
  std::uint32_t version_hex;  // PY_VERSION_HEX of the running interpreter
  Known free_threaded;
  Known finalizing;
  Known collecting_garbage;    // in the faulting thread's interpreter; before 3.9 in the process
  Known fatal;                 // kYes: the process is bound to die of the signal; kNo in a dump
  std::uint64_t pthread_self;  // of the faulting thread; equals `ident` in its thread section
  std::uint64_t hash_key[2];   // _Py_HashSecret, the key of the strings' hashes
  Known has_hash_key;
  std::uint8_t reserved[7];
};
static_assert(sizeof(RuntimeSection) == 48);

// The origin of the message that explains an abort.
enum class MessageSource : std::uint32_t {
  kLibc = 1,       // glibc: a failed assertion, a corrupted heap, a smashed stack
  kException = 2,  // libstdc++: an uncaught C++ exception
  kPython = 3,     // the interpreter: Py_FatalError
  kStderr = 4,     // none of these: the last lines that the program wrote to stderr
};

struct MessageSection {
  SectionHeader header;
  MessageSource source;
  std::uint32_t reserved;
  // Followed by two strings, either of which may be empty: the exception's C++ type name, and the
  // text. Their units are bytes in the program's own encoding.
};
static_assert(sizeof(MessageSection) == 16);

// What was decided about a fault in a thread that had asked for an exception instead of its death.
enum class GuardOutcome : std::uint32_t {
  kException = 1,        // it becomes an exception
  kNoHardwareFault = 2,  // the signal was sent, or is not SIGSEGV, SIGBUS or SIGFPE
  kInterpreter = 3,      // free-threaded, or of a version that is not known
  kNoPythonCall = 4,     // no call from Python to C was found on the stack
  kNoObject = 5,         // Python expects no object from the call
  kInAllocator = 6,      // the C library's, or Python's own
  kInLoader = 7,         // the dynamic linker
  kInCollector = 8,      // Python's garbage collector
  kNoStack = 9,          // too little of the stack is left
  kTailCalls = 10,       // the interpreter's instructions are functions that jump to each other
};

struct GuardSection {
  SectionHeader header;
  GuardOutcome outcome;
  std::uint32_t reserved;
};
static_assert(sizeof(GuardSection) == 16);

// The writer truncates and marks longer strings. 4096 units hold any path (PATH_MAX).
inline constexpr std::uint32_t kMaxStringUnits = 4096;

struct StringHeader {
  std::uint8_t unit_size;  // bytes per code unit: 1, 2 or 4; 0: unreadable, and `units` is 0
  std::uint8_t truncated;  // 1: the original string is longer
  std::uint16_t reserved;
  std::uint32_t units;
  std::uint64_t hash;  // of the whole str, as cached by the interpreter; kNoHash: not cached
};
static_assert(sizeof(StringHeader) == 16);

inline constexpr std::uint64_t kNoHash = UINT64_MAX;

struct CodeSection {
  SectionHeader header;
  std::uint64_t address;    // of the code object
  std::uint32_t index;      // 0, 1, 2, ... in the order of the record's code sections
  std::int32_t first_line;  // co_firstlineno
  // Followed by three strings: file name, qualified name (marked unreadable before 3.11), name.
};
static_assert(sizeof(CodeSection) == 24);

enum class FrameKind : std::uint8_t {
  kCode = 1,        // a frame; `value`: the number of further identical frames folded into it
  kOmitted = 2,     // `value` frames are omitted here
  kUnreadable = 3,  // the frame or code object at address `value` could not be read
  kCycle = 4,       // from here the chain leads back into frames already listed
  kTooDeep = 5,     // the chain exceeds the walk limit; the remaining frames are not counted
};

inline constexpr std::int32_t kUnknownPosition = -1;
// As a line: the frame's position lies outside its code object; one of the two was overwritten.
inline constexpr std::int32_t kOutsideCode = -2;

struct FrameEntry {
  FrameKind kind;
  std::uint8_t reserved[3];
  std::uint32_t code_index;  // of a code section earlier in the record
  std::int32_t line;         // 1-based; this and the next three: kUnknownPosition if there is none
  std::int32_t end_line;
  std::int32_t column;  // 0-based, in UTF-8 bytes of the source line (PEP 657)
  std::int32_t end_column;
  std::uint64_t value;
};
static_assert(sizeof(FrameEntry) == 32);

// Of a deeper stack, both ends are kept: this many entries at the innermost and at the outermost
// end. (faulthandler stops after 100 frames.)
inline constexpr std::uint32_t kInnermostEntries = 192;
inline constexpr std::uint32_t kOutermostEntries = 64;
inline constexpr std::uint32_t kMaxFrameEntries = kInnermostEntries + 2 + kOutermostEntries + 1;

inline constexpr std::int64_t kNoInterpreter = -1;  // the thread has no Python thread state

enum ThreadFlags : std::uint32_t { kThreadCrashed = 1 };

struct ThreadSection {
  SectionHeader header;
  std::uint64_t ident;          // pthread_self() of the thread, threading.get_ident() in Python
  std::int64_t interpreter;     // interpreter id or kNoInterpreter
  std::int32_t tid;             // native thread id; 0 where unknown
  std::uint32_t flags;          // ThreadFlags
  std::uint32_t list_position;  // 0, 1, 2, ... in the order of CPython's own lists
  std::uint32_t frame_count;    // <= kMaxFrameEntries
  // Followed by frame_count FrameEntry, innermost first, and one string: the thread's name.
};
static_assert(sizeof(ThreadSection) == 40);

// The asyncio task of which a thread was running a step.
struct TaskSection {
  SectionHeader header;
  std::uint64_t ident;   // of the thread
  std::uint64_t number;  // n if the task is "Task-n" and its name was never requested; else 0
  // Followed by one string: the task's name if `number` is 0.
};
static_assert(sizeof(TaskSection) == 24);

// Places Python frames on the native stack. Each call of the interpreter's evaluation function runs
// one or more Python frames, and from CPython 3.10 on has a struct of the interpreter among its
// local variables (a CFrame, from 3.12 on a shim frame), whose address is known from Python's own
// frame chain. The native frame that contains the address is that call.
struct Anchor {
  // The outermost Python frame that the call runs: its position in the thread's frames, innermost
  // first, from 0, counted before folding and omission, without frames that are not shown. So an
  // entry kCode counts for 1 + `value` frames, kOmitted for `value`, and any other for none.
  // kNoPythonFrame: the call runs none that is shown, such as one that is releasing the variables
  // of the last frame that it has run.
  std::uint32_t frame;
  std::uint32_t reserved;
  std::uint64_t address;
};
static_assert(sizeof(Anchor) == 16);

inline constexpr std::uint32_t kNoPythonFrame = UINT32_MAX;

// Of more anchors, both ends are kept, as for frames.
inline constexpr std::uint32_t kInnermostAnchors = 192;
inline constexpr std::uint32_t kOutermostAnchors = 64;
inline constexpr std::uint32_t kMaxAnchors = kInnermostAnchors + kOutermostAnchors;

// Of so many threads, besides the faulting one, the reader wants native stacks, for which it looks
// at the living process. The others have no anchors.
inline constexpr std::uint32_t kMaxOtherStacks = 64;

struct AnchorSection {
  SectionHeader header;
  std::uint32_t count;    // <= kMaxAnchors
  std::uint32_t omitted;  // after the first kInnermostAnchors
  // Followed by `count` Anchor, innermost first.
};
static_assert(sizeof(AnchorSection) == 16);

// The machine code around the program counter, at most this many bytes on each side.
inline constexpr std::uint32_t kInstructionBytes = 48;

struct InstructionSection {
  SectionHeader header;
  std::uint64_t address;  // of the first byte
  std::uint32_t size;     // <= 2 * kInstructionBytes
  std::uint32_t reserved;
  // Followed by `size` bytes and padding.
};
static_assert(sizeof(InstructionSection) == 24);

// A raw copy of a part of the stack: the innermost part, which begins below the stack pointer with
// the red zone, and if that part was cut, the outermost one. It may hold secrets of the program, so
// it never leaves the slot and the process that unwinds it.
inline constexpr std::size_t kInnermostStackBytes = std::size_t{256} << 10;
inline constexpr std::size_t kOutermostStackBytes = std::size_t{64} << 10;

struct StackSection {
  SectionHeader header;
  std::uint64_t address;    // of the first byte; a multiple of 8
  std::uint64_t stack_end;  // the stack's highest address; 0: unknown
  // Followed by the bytes, up to the section's end.
};
static_assert(sizeof(StackSection) == 24);

struct EndSection {
  SectionHeader header;
  std::uint32_t threads_omitted;  // because the slot was full
  std::uint32_t reserved;
};
static_assert(sizeof(EndSection) == 16);

}  // namespace pyfault

// The native part of a crash: registers, machine code, modules, the merged stack and a diagnosis. A
// plain value, part of Crash (crash.h); its strings are valid UTF-8, and not escaped yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pyfault {

// What is wanted of native stacks.
enum class NativeMode {
  kOff,
  kOn,    // text reports fold what belongs to the interpreter itself
  kFull,  // text reports show all
};

struct Register {
  std::string name;  // "rip"
  std::uint64_t value = 0;
};

// The machine code around the program counter.
struct Instruction {
  std::uint64_t address = 0;  // of the program counter
  std::uint64_t bytes_address = 0;
  std::vector<std::uint8_t> bytes;
};

// A file that is mapped to be executed.
struct Module {
  std::string path;
  std::string build_id;  // hex digits; empty: unknown
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  bool deleted = false;  // the file has been deleted or replaced since it was mapped
};

// How a native frame was found, surest first.
enum class Trust {
  kContext,  // by the registers
  kCfi,      // by the call frame information of the frame below it
  kFramePointer,
  kTrampoline,  // below it is one of CPython's perf trampolines, which have no such information
  kTopOfStack,  // by the word at the stack pointer, because the program counter led nowhere
  kScan,        // by a search of the stack for return addresses
};

struct NativeFrame {
  std::uint64_t address = 0;            // the program counter
  std::string module;                   // its path; empty: in no module
  std::string build_id;                 // hex digits; empty: unknown
  std::optional<std::uint64_t> offset;  // in the address space of the module's file
  std::string function;                 // demangled; empty: unknown
  std::string file;                     // source file; empty: unknown
  std::optional<int> line;              // 1-based
  bool inlined = false;                 // into the next frame
  Trust trust = Trust::kContext;
  bool signal_frame = false;  // the kernel's, between a signal handler and what it interrupted
  std::optional<std::uint64_t> function_offset;  // of the address from the function's beginning
};

// An entry of the merged stack.
struct StackEntry {
  enum class Kind { kPython, kNative, kOmitted };

  Kind kind = Kind::kNative;
  std::size_t frame = 0;                 // kPython: index into the thread's frames
  NativeFrame native;                    // kNative
  std::optional<std::uint64_t> omitted;  // kOmitted: this many entries; none: not counted
};

// What is known of a thread's native stack as a whole.
struct NativeStack {
  enum class Merge { kNone, kAnchors, kSymbols };

  bool complete = false;
  std::string incomplete_reason;  // if not complete
  // kNone: the Python frames stand first in the stack, and the native ones follow.
  Merge merged_by = Merge::kNone;
};

struct ThreadStack {
  std::vector<StackEntry> stack;  // Python and native frames, innermost first; empty: unknown
  NativeStack native;
  // The native stack has calls whose Python frames are not in the record, and the thread's chain of
  // frames has no mark of it. They are missing behind the last frame, or else somewhere between
  // this one and the outermost that the next call with an anchor runs. `stack` then counts an
  // unreadable frame in that place.
  std::optional<std::size_t> missing_frames_at{};
};

// What has been found out of the native stacks of a crash.
struct NativeStacks {
  std::vector<ThreadStack> threads;                // of the crash's first threads, in their order
  std::vector<Module> modules;                     // those that the native frames lie in
  std::vector<std::string> missing_debug_files{};  // their build-ids, in hex digits
};

// Why the process died, in words.
struct Diagnosis {
  std::string kind;  // a word such as "null-pointer"; see pyfault-events(5)
  std::string text;  // a sentence
};

}  // namespace pyfault

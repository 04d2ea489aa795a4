// A crash: the decoded and validated content of a record, as a plain value that later stages may
// trust. Strings are valid UTF-8 (surrogates are spelt as six characters such as \udc80), numbers
// are in range, and a frame's kind says which of its members are valid. Text is NOT escaped yet: it
// may hold control characters, which each formatter must escape.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/crash/context.h"
#include "watchdog/crash/native.h"

namespace pyfault {

enum class CrashKind { kCrash, kDump };

struct Frame {
  enum class Kind { kCode, kOmitted, kUnreadable, kCycle };

  Kind kind = Kind::kCode;
  // kCode
  std::string file;           // co_filename
  std::string function;       // co_qualname if CPython has it, else co_name
  std::string name;           // co_name
  bool file_readable = true;  // false: the string could not be read and is empty
  bool function_readable = true;
  // Not trustworthy: the text does not match its hash in the interpreter, or the frame does not
  // belong to the code object.
  bool file_overwritten = false;
  bool function_overwritten = false;
  std::optional<int> line;  // 1-based
  std::optional<int> end_line;
  std::optional<int> column;  // 0-based, in UTF-8 bytes of the source line
  std::optional<int> end_column;
  std::uint64_t code = 0;             // address of the code object
  std::uint64_t repeat = 0;           // further identical frames folded into this one
  std::optional<std::string> source;  // the line's text, unstripped, without its newline; by enrich
  // kOmitted
  std::uint64_t omitted = 0;  // 0: not counted
  // kUnreadable
  std::uint64_t address = 0;
};

struct Thread {
  std::optional<int> tid;   // native thread id
  std::uint64_t ident = 0;  // threading.get_ident()
  std::string name;         // threading.Thread.name; empty if unknown
  std::string native_name;  // the kernel's name (15 bytes); empty if unknown
  std::string task;         // name of the asyncio task that it runs; empty: none, or unknown
  std::vector<Annotation> annotations;  // those that hold for this thread alone
  bool crashed = false;                 // the faulting thread; in a dump, the one that recorded it
  std::optional<std::int64_t> interpreter;  // nullopt: unknown to Python
  std::uint32_t list_position = 0;          // in CPython's thread lists
  std::vector<Frame> frames;                // most recent first
  std::vector<StackEntry> stack;      // Python and native frames, innermost first; empty: unknown
  std::optional<NativeStack> native;  // none: no native stack was wanted
};

struct Signal {
  int number = 0;
  std::string name;                      // "SIGSEGV"
  int code = 0;                          // si_code
  std::string code_name;                 // "SEGV_MAPERR"; the decimal number if it has no name
  std::optional<std::uint64_t> address;  // if raised by the kernel
  std::optional<int> sender_pid;         // if sent by a process
  std::optional<unsigned> sender_uid;
  std::string description;  // a phrase for people
};

// A signal sent by another process that a handler of the program was about to receive.
struct RequestingSignal {
  std::string signal;  // "SIGABRT"
  int sender_pid = 0;
  unsigned sender_uid = 0;
};

// Why the program gave up, as reported by itself.
struct LastWords {
  enum class Source { kLibc, kException, kPython, kStderr };

  Source source = Source::kLibc;
  std::string type;  // of the exception, as C++ spells it; empty for other sources
  std::string text;  // empty if there is none; several lines if from stderr
};

struct PythonRuntime {
  std::uint32_t version_hex = 0;
  std::string version;  // "3.11.2"
  bool free_threaded = false;
  std::optional<bool> finalizing;
  std::optional<bool> collecting_garbage;
};

struct Crash {
  CrashKind kind = CrashKind::kCrash;
  std::string id;  // 32 hex digits
  bool complete = true;
  std::string incomplete_reason;  // if not complete
  bool fatal = false;  // the process died while recording, or could not survive the signal
  std::int64_t realtime_ns = 0;  // CLOCK_REALTIME at the fault
  std::int64_t monotonic_ns = 0;
  int pid = 0;
  int tid = 0;    // the faulting thread; 0: unknown, and no thread is marked as crashed
  Signal signal;  // number 0 in a dump
  std::optional<RequestingSignal> requested_by;  // of a dump that a signal caused
  std::optional<LastWords> last_words;
  PythonRuntime python;
  std::string fingerprint;      // 16 hex digits; see fingerprint.h
  std::vector<Thread> threads;  // the faulting one first, if known
  std::uint64_t threads_omitted = 0;
  bool became_exception = false;  // in a thread with an open guard; the process went on
  // Why it did not, although a guard was open: a word; empty if none was.
  std::string exception_refused;
  std::string guard;                       // the same for people; empty if no guard was open
  std::vector<Register> registers;         // of the faulting thread; empty: unknown
  std::optional<Instruction> instruction;  // at which it faulted
  std::vector<Module> modules;             // those that the native frames lie in
  std::optional<Diagnosis> diagnosis;
  Context context;       // with the annotations of the faulting thread
  std::string minidump;  // the path of its minidump; empty: none was written

  // Calls visit(name, value) for each member that every log shows by its name: JSON "fingerprint",
  // journald PYFAULT_FINGERPRINT, syslog fingerprint="...", and a line of the text report.
  void members(auto&& visit) const {
    visit("fingerprint", fingerprint);
    visit("minidump", minidump);
  }
};

}  // namespace pyfault

// A crash: the validated, decoded meaning of a record. A plain value that everything downstream may
// trust: strings are valid UTF-8 (surrogates spelt as six characters like \udc80), numbers are in
// range, a frame's kind says which of its members mean anything. Text is NOT yet escaped: it may
// hold control characters, which each formatter must escape.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pyfault {

enum class CrashKind { kCrash, kDump };

struct Frame {
  enum class Kind { kCode, kOmitted, kUnreadable, kCycle };

  Kind kind = Kind::kCode;
  // kCode
  std::string file;           // co_filename
  std::string function;       // co_qualname where CPython has it, else co_name
  std::string name;           // co_name
  bool file_readable = true;  // false: the string could not be read, and is empty
  bool function_readable = true;
  // Not to be trusted: not the text that the interpreter once hashed, or not the frame's own code.
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
  std::uint64_t omitted = 0;  // 0: more than anybody counted
  // kUnreadable
  std::uint64_t address = 0;
};

struct Thread {
  std::optional<int> tid;   // native thread id
  std::uint64_t ident = 0;  // threading.get_ident()
  std::string name;         // threading.Thread.name; empty where unknown
  std::string native_name;  // the kernel's name for it (15 bytes); empty where unknown
  std::string task;         // name of the asyncio task that it runs; empty: none, or unknown
  bool crashed = false;     // the faulting thread; in a dump, the one that asked
  std::optional<std::int64_t> interpreter;  // none: Python does not know this thread
  std::uint32_t list_position = 0;          // in CPython's own lists
  std::vector<Frame> frames;                // most recent first
};

struct Signal {
  int number = 0;
  std::string name;       // "SIGSEGV"
  int code = 0;           // si_code
  std::string code_name;  // "SEGV_MAPERR"; the number in decimal where it has no name
  std::optional<std::uint64_t> address;  // where the kernel raised the signal
  std::optional<int> sender_pid;         // where a process sent it
  std::optional<unsigned> sender_uid;
  std::string description;  // one sentence fragment for people
};

// A signal that another process sent, and a handler of the program's own was to get.
struct RequestingSignal {
  std::string signal;  // "SIGABRT"
  int sender_pid = 0;
  unsigned sender_uid = 0;
};

// Why the program gave up, in its own words.
struct LastWords {
  enum class Source { kLibc, kException, kPython, kStderr };

  Source source = Source::kLibc;
  std::string type;  // of the exception, as C++ spells it; empty for the others
  std::string text;  // empty where there is none; of several lines, where it is from stderr
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
  std::string incomplete_reason;  // when not complete
  bool fatal = false;  // the process died while it recorded, or nothing could keep it from dying
  std::int64_t realtime_ns = 0;  // CLOCK_REALTIME at the fault
  std::int64_t monotonic_ns = 0;
  int pid = 0;
  int tid = 0;    // of the faulting thread; 0: it is not known, and none is marked as crashed
  Signal signal;  // number 0 in a dump
  std::optional<RequestingSignal> requested_by;  // of a dump, where a signal was the reason for it
  std::optional<LastWords> last_words;
  PythonRuntime python;
  std::string fingerprint;      // 16 hex digits; see fingerprint.h
  std::vector<Thread> threads;  // the faulting one first, where that is known
  std::uint64_t threads_omitted = 0;
};

}  // namespace pyfault

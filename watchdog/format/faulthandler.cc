// The format of CPython's faulthandler. The differences between versions were taken from the output
// of real interpreters (tests/golden/faulthandler) and are collected in Dialect.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <iterator>
#include <string_view>

#include "watchdog/crash/utf8.h"
#include "watchdog/format/escape.h"
#include "watchdog/format/format.h"
#include "watchdog/format/python_version.h"

namespace pyfault {
namespace {

// faulthandler's limits, in every version.
constexpr std::size_t kMaxFrames = 100;
constexpr std::size_t kMaxThreads = 100;
constexpr std::size_t kMaxStringLength = 500;

constexpr std::size_t kMaxNativeFrames = 32;

constexpr std::int64_t kMainInterpreter = 0;

struct Dialect {
  bool says_garbage_collecting;
  bool says_frames_go_on;  // "  ..." after the hundredth frame
  bool stops_at_unknown;   // a traceback ends at a frame with ???
  bool names_threads;
  bool spells_with_hyphen;         // "Floating-point exception"
  bool shows_only_current_thread;  // in a crash
  bool shows_native_stack;         // in a crash
  std::string_view no_frame;

  explicit Dialect(const PythonRuntime& python) {
    const auto since = [&](unsigned minor, unsigned micro = 0) {
      return python.version_hex >= python_version(3, minor, micro);
    };
    says_garbage_collecting = since(10);
    says_frames_go_on = !since(13);
    stops_at_unknown = since(14) ? since(14, 1) : since(13, 10);
    names_threads = since(14);
    spells_with_hyphen = since(13);
    shows_only_current_thread = since(14) && python.free_threaded;
    shows_native_stack = since(14);
    // 3.15 has a base frame below every stack, so it never sees an empty one.
    no_frame = since(15) ? "" : since(10) ? "  <no Python frame>\n" : "<no Python frame>\n";
  }
};

std::string ascii(std::string_view text) {
  std::string out;
  for (std::size_t length = 0; !text.empty(); ++length) {
    if (length == kMaxStringLength) return out + "...";
    const CodePoint next = first_code_point(text);
    const auto number = static_cast<unsigned>(next.value);
    if (number >= ' ' && number <= '~') {
      out += static_cast<char>(number);
    } else if (number <= 0xff) {
      out += fmt::format("\\x{:02x}", number);
    } else {
      out += number <= 0xffff ? fmt::format("\\u{:04x}", number) : fmt::format("\\U{:08x}", number);
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

bool has_unknown(const Frame& frame) {
  return !frame.file_readable || frame.name.empty() || !frame.line;
}

std::string frame_line(const Frame& frame) {
  const std::string file = frame.file_readable ? '"' + ascii(frame.file) + '"' : "???";
  const std::string line = frame.line ? std::to_string(*frame.line) : "???";
  const std::string name = frame.name.empty() ? "???" : ascii(frame.name);
  return fmt::format("  File {}, line {} in {}\n", file, line, name);
}

class Traceback {
 public:
  explicit Traceback(const Dialect& dialect) : dialect_(dialect) {}

  std::string of(const Thread& thread) {
    if (thread.frames.empty()) return std::string(dialect_.no_frame);
    for (const Frame& frame : thread.frames) {
      if (!add(frame)) break;
    }
    return std::move(text_);
  }

 private:
  // Returns false if no frame may follow.
  bool add(const Frame& frame) {
    if (frame.kind != Frame::Kind::kCode) return end_of_chain();
    for (std::uint64_t copy = 0; copy <= frame.repeat; ++copy) {
      if (frames_ == kMaxFrames) {
        if (dialect_.says_frames_go_on) text_ += "  ...\n";
        return false;
      }
      text_ += frame_line(frame);
      ++frames_;
      if (has_unknown(frame) && dialect_.stops_at_unknown) return end_of_chain();
    }
    return true;
  }

  bool end_of_chain() {
    if (dialect_.stops_at_unknown) text_ += "  <invalid frame>\n";
    return false;
  }

  const Dialect& dialect_;
  std::string text_;
  std::size_t frames_ = 0;
};

std::string thread_text(const Thread& thread, const PythonRuntime& python, const Dialect& dialect) {
  std::string text = thread.crashed ? "Current thread" : "Thread";
  text += fmt::format(" 0x{:016x}", thread.ident);
  if (dialect.names_threads && !thread.native_name.empty()) {
    text += " [" + escape_text(thread.native_name) + "]";
  }
  text += " (most recent call first):\n";
  const bool collecting = thread.crashed && python.collecting_garbage.value_or(false);
  if (collecting && dialect.says_garbage_collecting) text += "  Garbage-collecting\n";
  return text + Traceback(dialect).of(thread);
}

// Returns nullptr if the faulting thread is not a Python thread.
const Thread* current_thread(const Crash& crash) {
  const auto found = std::find_if(
      crash.threads.begin(), crash.threads.end(),
      [](const Thread& thread) { return thread.crashed && thread.interpreter.has_value(); });
  return found == crash.threads.end() ? nullptr : &*found;
}

// The threads of the current thread's interpreter, or of the main one, in CPython's order.
std::vector<const Thread*> listed_threads(const Crash& crash) {
  const Thread* current = current_thread(crash);
  const std::int64_t interpreter = current ? *current->interpreter : kMainInterpreter;
  std::vector<const Thread*> threads;
  for (const Thread& thread : crash.threads) {
    if (thread.interpreter == interpreter) threads.push_back(&thread);
  }
  std::stable_sort(threads.begin(), threads.end(), [](const Thread* a, const Thread* b) {
    return a->list_position < b->list_position;
  });
  return threads;
}

std::string all_threads(const Crash& crash, const Dialect& dialect) {
  std::string text;
  std::size_t count = 0;
  for (const Thread* thread : listed_threads(crash)) {
    if (count > 0) text += '\n';
    if (count == kMaxThreads) return text + "...\n";
    text += thread_text(*thread, crash.python, dialect);
    ++count;
  }
  return text;
}

std::string only_current_thread(const Crash& crash, const Dialect& dialect) {
  const Thread* current = current_thread(crash);
  if (!current) return "";
  return "<Cannot show all threads while the GIL is disabled>\nStack (most recent call first):\n" +
         Traceback(dialect).of(*current);
}

// CPython knows only functions that a module exports. Of others the place is counted from the
// module's beginning, and a program that is loaded at the addresses in its file needs none.
std::string place_in_binary(const NativeFrame& frame) {
  if (!frame.function.empty() && frame.function_offset)
    return fmt::format(", at {}+{:#x}", ascii(frame.function), *frame.function_offset);
  if (!frame.offset || frame.offset == frame.address) return "";
  return fmt::format(", at +{:#x}", *frame.offset);
}

std::string native_frame_line(const NativeFrame& frame) {
  if (frame.module.empty())
    return fmt::format("  Binary file '<unknown>' [{:#x}]\n", frame.address);
  return fmt::format("  Binary file \"{}\"{} [{:#x}]\n", ascii(frame.module),
                     place_in_binary(frame), frame.address);
}

// CPython's own begins with the frames of its signal handler. Frames that were inlined have no
// place in it.
std::string native_stack(const Crash& crash) {
  const auto crashed = std::ranges::find_if(crash.threads, &Thread::crashed);
  if (crashed == crash.threads.end()) return "";
  std::string text;
  std::size_t count = 0;
  for (const StackEntry& entry : crashed->stack) {
    if (entry.kind != StackEntry::Kind::kNative || entry.native.inlined) continue;
    if (count == kMaxNativeFrames) {
      text += "  <truncated rest of calls>\n";
      break;
    }
    text += native_frame_line(entry.native);
    ++count;
  }
  return text.empty() ? "" : "\nCurrent thread's C stack trace (most recent call first):\n" + text;
}

std::string fatal_error(int signal, const Dialect& dialect) {
  const auto named = [](std::string_view name) {
    return fmt::format("Fatal Python error: {}\n\n", name);
  };
  switch (signal) {
    case SIGSEGV:
      return named("Segmentation fault");
    case SIGABRT:
      return named("Aborted");
    case SIGBUS:
      return named("Bus error");
    case SIGILL:
      return named("Illegal instruction");
    case SIGFPE:
      return named(dialect.spells_with_hyphen ? "Floating-point exception"
                                              : "Floating point exception");
    default:
      return fmt::format("Fatal Python error from unexpected signum: {}\n\n", signal);
  }
}

}  // namespace

std::string format_faulthandler(const Event& event) {
  const auto* crash = std::get_if<Crash>(&event.body);
  if (!crash) return "";
  const Dialect dialect(crash->python);
  if (crash->kind == CrashKind::kDump) return all_threads(*crash, dialect);
  return fatal_error(crash->signal.number, dialect) +
         (dialect.shows_only_current_thread ? only_current_thread(*crash, dialect)
                                            : all_threads(*crash, dialect)) +
         (dialect.shows_native_stack ? native_stack(*crash) : "");
}

}  // namespace pyfault

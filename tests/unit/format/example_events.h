// Events as the watchdog makes them, for the formatters' tests.
#pragma once

#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "watchdog/event/event.h"

namespace pyfault {

inline Frame code_frame(std::string file, int line, std::string function) {
  Frame frame;
  frame.file = std::move(file);
  frame.line = line;
  frame.function = frame.name = std::move(function);
  frame.code = 0x7f00c0de;
  return frame;
}

inline Frame with_source(Frame frame, std::string source, int column, int end_column) {
  frame.source = std::move(source);
  frame.end_line = frame.line;
  frame.column = column;
  frame.end_column = end_column;
  return frame;
}

inline Frame omitted_frames(std::uint64_t count) {
  Frame frame;
  frame.kind = Frame::Kind::kOmitted;
  frame.omitted = count;
  return frame;
}

inline Frame unreadable_frame(std::uint64_t address) {
  Frame frame;
  frame.kind = Frame::Kind::kUnreadable;
  frame.address = address;
  return frame;
}

inline Frame cycle_frame() {
  Frame frame;
  frame.kind = Frame::Kind::kCycle;
  return frame;
}

inline Thread example_thread(int tid, std::string name, std::vector<Frame> frames) {
  Thread thread;
  thread.tid = tid;
  thread.ident = 0x7f0000000000 + static_cast<std::uint64_t>(tid);
  thread.native_name = name.empty() ? "" : "python3";
  thread.name = std::move(name);
  thread.interpreter = 0;
  thread.frames = std::move(frames);
  return thread;
}

inline Thread crashed(Thread thread) {
  thread.crashed = true;
  return thread;
}

inline Event event_with(decltype(Event::body) body) {
  Event event;
  event.realtime_ns = 1795419610123456789;
  event.host = "web1";
  event.process = {
      1234, 1, "python3", "/usr/bin/python3.11", {"python3", "app.py", "--port", "80"}};
  event.body = std::move(body);
  return event;
}

inline Signal null_pointer() {
  return {.number = SIGSEGV,
          .name = "SIGSEGV",
          .code = 1,
          .code_name = "SEGV_MAPERR",
          .address = 0,
          .sender_pid = {},
          .sender_uid = {},
          .description = "Segmentation fault: address not mapped (null pointer)"};
}

inline Crash example_crash() {
  Crash crash;
  crash.id = "0123456789abcdef0123456789abcdef";
  crash.pid = crash.tid = 1234;
  crash.signal = null_pointer();
  crash.python = {0x030b02f0, "3.11.2", false, false, false};
  crash.fingerprint = "5eed5eed5eed5eed";
  const Frame faulting = with_source(code_frame("app.py", 3, "Worker.run"),
                                     "        return total + memory[0]", 23, 32);
  crash.threads = {
      crashed(example_thread(1234, "MainThread", {faulting, code_frame("app.py", 9, "<module>")})),
      example_thread(1240, "worker-1", {code_frame("threading.py", 331, "Condition.wait")})};
  crash.threads[1].task = "fetch 7";
  crash.threads[1].list_position = 1;
  return crash;
}

inline StackEntry python_entry(std::size_t frame) {
  StackEntry entry;
  entry.kind = StackEntry::Kind::kPython;
  entry.frame = frame;
  return entry;
}

inline StackEntry omitted_entries(std::optional<std::uint64_t> count) {
  StackEntry entry;
  entry.kind = StackEntry::Kind::kOmitted;
  entry.omitted = count;
  return entry;
}

inline StackEntry native_entry(std::string module, std::string function, std::uint64_t offset) {
  StackEntry entry;
  entry.native.address = 0x7f0000000000 + offset;
  entry.native.module = std::move(module);
  entry.native.build_id = "8f4e2a";
  entry.native.offset = offset;
  entry.native.function = std::move(function);
  entry.native.trust = Trust::kCfi;
  return entry;
}

inline StackEntry at_line(StackEntry entry, std::string file, int line) {
  entry.native.file = std::move(file);
  entry.native.line = line;
  return entry;
}

inline StackEntry with_trust(StackEntry entry, Trust trust) {
  entry.native.trust = trust;
  return entry;
}

inline StackEntry inlined(StackEntry entry) {
  entry.native.inlined = true;
  return entry;
}

inline StackEntry in_python(std::string function, std::uint64_t offset = 0x5000) {
  return native_entry("/usr/bin/python3.11", std::move(function), offset);
}

inline StackEntry in_libc(std::string function, std::uint64_t offset = 0x6000) {
  return native_entry("/usr/lib/libc.so.6", std::move(function), offset);
}

inline Context example_context() {
  return {{{"task", "resize"}, {"id", "7"}, {"user", "a b"}},
          0,
          {{1795419609000000000, "loaded 12 rows"}, {1795419610000000000, "GET /cart"}},
          1.25};
}

// An extension called by Python has called Python back, which called the extension again.
inline Crash native_crash() {
  const auto in_natx = [](const char* function, std::uint64_t offset, int line) {
    return at_line(native_entry("/srv/natx.so", function, offset), "natx.c", line);
  };
  Crash crash = example_crash();
  Thread& thread = crash.threads[0];
  thread.frames = {code_frame("app.py", 3, "leaf"), code_frame("app.py", 6, "cb"),
                   code_frame("app.py", 9, "main"), code_frame("app.py", 11, "<module>")};
  thread.stack = {with_trust(inlined(in_natx("deref_inline", 0x1139, 6)), Trust::kContext),
                  with_trust(in_natx("level3", 0x1139, 7), Trust::kContext),
                  in_natx("crash", 0x1150, 9),
                  in_python("cfunction_vectorcall_NOARGS"),
                  in_python("PyObject_Vectorcall"),
                  python_entry(0),
                  in_python("_PyEval_EvalFrameDefault"),
                  in_python("_PyFunction_Vectorcall"),
                  python_entry(1),
                  in_python("_PyEval_EvalFrameDefault"),
                  in_python("PyObject_CallNoArgs"),
                  in_natx("relay.constprop.0", 0x1180, 10),
                  with_trust(in_natx("", 0x1190, 11), Trust::kScan),
                  in_python("_PyObject_MakeTpCall"),
                  python_entry(2),
                  python_entry(3),
                  in_python("_PyEval_EvalFrameDefault"),
                  in_python("PyEval_EvalCode"),
                  in_python("run_mod"),
                  in_python("Py_BytesMain"),
                  in_libc(""),
                  in_libc("__libc_start_main@@GLIBC_2.34"),
                  in_python("_start")};
  thread.stack[12].native.file.clear();
  thread.stack[12].native.line.reset();
  thread.native = NativeStack{true, "", NativeStack::Merge::kAnchors};
  crash.signal.address = 0x10;
  crash.registers = {{"r8", 0x10}, {"rdi", 0x10},  {"rax", 0},   {"rip", 0x7f0000001139},
                     {"err", 4},   {"trapno", 14}, {"cr2", 0x10}};
  crash.instruction = Instruction{0x7f0000001139, 0x7f0000001137, {0x89, 0xc8, 0x8b, 0x07, 0xc3}};
  crash.modules = {{"/srv/natx.so", "8f4e2a", 0x7f0000000000, 0x7f0000004000, false},
                   {"/usr/bin/python3.11", "", 0x55d000000000, 0x55d000600000, true}};
  crash.minidump = "/var/lib/dumps/pyfault-20261123T074010Z-1234-0123.dmp";
  crash.diagnosis =
      Diagnosis{"null-pointer", "it read 0x10, a null pointer plus an offset; the address was rdi"};
  return crash;
}

// A crash with every kind of frame, every optional value absent, and a thread that Python does not
// know.
inline Crash damaged_crash() {
  Crash crash = example_crash();
  crash.complete = false;
  crash.incomplete_reason = "the process died while it wrote the record";
  crash.signal.code = -6;
  crash.signal.code_name = "SI_TKILL";
  crash.signal.address.reset();
  crash.signal.sender_pid = 77;
  crash.signal.sender_uid = 1000;
  crash.signal.description = "Segmentation fault: sent by process 77 (uid 1000)";
  crash.python.free_threaded = true;
  crash.python.finalizing.reset();
  crash.python.collecting_garbage = true;
  Frame folded = code_frame("app.py", 5, "down");
  folded.repeat = 149;
  Frame unknown;
  unknown.file_readable = unknown.function_readable = false;
  Thread foreign;
  foreign.crashed = true;
  foreign.ident = 0x7f00;
  Thread other = example_thread(1241, "", {cycle_frame()});
  other.interpreter = 2;
  crash.threads = {
      foreign,
      example_thread(1234, "MainThread",
                     {folded, unknown, omitted_frames(1234), unreadable_frame(0xdead)}),
      other};
  crash.threads_omitted = 5;
  return crash;
}

inline Crash example_dump() {
  Crash crash = example_crash();
  crash.kind = CrashKind::kDump;
  crash.signal = {};
  return crash;
}

inline Crash crash_with_context() {
  Crash crash = example_crash();
  crash.context = example_context();
  crash.threads[0].annotations = {{"id", "7"}};
  crash.threads[1].annotations = {{"task", "fetch"}};
  return crash;
}

inline ExitEvent killed_by(int signal) {
  ExitEvent exit;
  exit.signal = signal;
  exit.reason = ExitReason::kSignaled;
  exit.uptime_seconds = 12.5;
  exit.max_rss_bytes = 10485760;
  exit.user_seconds = 0.25;
  exit.system_seconds = 0.125;
  return exit;
}

}  // namespace pyfault

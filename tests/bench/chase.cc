// A lower bound for the time that reading all stacks takes: follows the chain of frames of every
// thread with plain loads, without guards or limits, and stores nothing. The program must stand
// still and hold the GIL.
#include <dlfcn.h>

#include <chrono>
#include <cstring>

#include "agent/cpython/find_python.h"

namespace pyfault {
namespace {

std::uintptr_t load(std::uintptr_t address, std::uint16_t offset) {
  std::uintptr_t value = 0;
  std::memcpy(&value, reinterpret_cast<const void*>(address + offset), sizeof value);
  return value;
}

long follow_frames(const PythonLayout& layout, std::uintptr_t thread) {
  long frames = 0;
  std::uintptr_t frame = load(thread, layout.thread.frame);
  if (layout.thread.cframe_frame != kAbsent) frame = load(frame, layout.thread.cframe_frame);
  for (; frame != 0; frame = load(frame, layout.frame.previous)) ++frames;
  return frames;
}

long follow_threads(const PythonRuntimeView& python) {
  const PythonLayout& layout = python.layout;
  long frames = 0;
  std::uintptr_t interpreter = load(python.runtime, layout.runtime.interpreters_head);
  for (; interpreter != 0; interpreter = load(interpreter, layout.interpreter.next)) {
    std::uintptr_t thread = load(interpreter, layout.interpreter.threads_head);
    for (; thread != 0; thread = load(thread, layout.thread.next)) {
      frames += follow_frames(layout, thread);
    }
  }
  return frames;
}

}  // namespace
}  // namespace pyfault

// Returns the time in nanoseconds, and stores the number of frames in `frames`.
extern "C" [[gnu::visibility("default")]] long pyfault_chase(long* frames) {
  static const pyfault::PythonRuntimeView python = pyfault::find_python(RTLD_DEFAULT).view;
  const auto began = std::chrono::steady_clock::now();
  *frames = pyfault::follow_threads(python);
  return static_cast<long>((std::chrono::steady_clock::now() - began).count());
}

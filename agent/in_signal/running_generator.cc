#include "agent/in_signal/running_generator.h"

#include "agent/in_signal/data_stack.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/python_object.h"

namespace pyfault {
namespace {

constexpr std::uintptr_t kMaxValueBytes = std::uintptr_t{64} << 10;

bool is_generator(const PythonRuntimeView& python, std::uintptr_t object) {
  std::uintptr_t type = 0;
  if (!plausible_object(object) || !guarded_read(object + python.layout.object.type, type)) {
    return false;
  }
  for (const std::uintptr_t each : python.generator_types) {
    if (type == each && each != 0) return true;
  }
  return false;
}

// Returns 0 if `object` is not a running generator.
std::uintptr_t running_frame_of(const PythonRuntimeView& python, std::uintptr_t object) {
  const PythonLayout::Generator& layout = python.layout.generator;
  std::uint8_t state = 0;
  if (!is_generator(python, object) || !guarded_read(object + layout.state, state) ||
      state != python.layout.executing) {
    return 0;
  }
  const std::uintptr_t frame = object + layout.frame;
  return frame_size(python, frame) != 0 ? frame : 0;
}

}  // namespace

std::uintptr_t running_generator_of(const PythonRuntimeView& python, std::uintptr_t frame) {
  const std::uintptr_t size = frame_size(python, frame);
  if (python.layout.generator.frame == kAbsent || size > kMaxValueBytes) return 0;
  std::uintptr_t found = 0;
  for (std::uintptr_t at = python.layout.frame.locals; at < size; at += sizeof at) {
    std::uintptr_t value = 0;
    if (!guarded_read(frame + at, value)) return 0;
    const std::uintptr_t running = running_frame_of(python, value & ~kStackRefTag);
    if (running == 0 || running == found) continue;
    if (found != 0) return 0;
    found = running;
  }
  return found;
}

}  // namespace pyfault

#include "agent/in_signal/asyncio_task.h"

#include <cstring>

#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/python_attribute.h"
#include "agent/in_signal/python_object.h"

namespace pyfault {
namespace {

constexpr char kTaskType[] = "_asyncio.Task";
constexpr int kMaxBases = 8;
constexpr std::uint16_t kFirstNumberedMinor = 12;
constexpr std::uint64_t kLongSubclass = std::uint64_t{1} << 24;  // Py_TPFLAGS_LONG_SUBCLASS

std::uintptr_t read_pointer(std::uintptr_t address) {
  std::uintptr_t value = 0;
  return guarded_read(address, value) ? value : 0;
}

bool is_task_type(const PythonRuntimeView& python, std::uintptr_t type) {
  char name[sizeof kTaskType];
  const std::uintptr_t name_at = read_pointer(type + python.layout.object.type_name);
  return guarded_copy(name, name_at, sizeof name) &&
         std::memcmp(name, kTaskType, sizeof name) == 0 &&
         read_pointer(type + python.layout.attribute.type_basic_size) == python.layout.task.size;
}

bool is_task(const PythonRuntimeView& python, std::uintptr_t object) {
  if (!plausible_object(object)) return false;
  std::uintptr_t type = read_pointer(object + python.layout.object.type);
  for (int base = 0; base < kMaxBases && plausible_object(type); ++base) {
    if (is_task_type(python, type)) return true;
    type = read_pointer(type + python.layout.object.type_base);
  }
  return false;
}

// Returns the value of a small int; 0 if `object` is anything else. From 3.12 on, an int consists
// of a tag word with its sign and number of digits, and of digits of 30 bits.
std::uint64_t read_number(const PythonRuntimeView& python, std::uintptr_t object) {
  struct Digits {
    std::uint64_t tag;
    std::uint32_t low, high;
  } digits;
  if (python.layout.minor < kFirstNumberedMinor || !plausible_object(object) ||
      !has_type_flag(python, read_pointer(object + python.layout.object.type), kLongSubclass) ||
      !guarded_read(object + python.layout.object.size, digits) || (digits.tag & 3) != 0) {
    return 0;
  }
  const std::uint64_t count = digits.tag >> 3;
  if (count == 1) return digits.low;
  return count == 2 ? std::uint64_t{digits.high} << 30 | digits.low : 0;
}

}  // namespace

// The callback is the second slot of the Handle. It is either an object of _asyncio whose first
// member is the task, or a bound method, whose first member is the method's definition and whose
// second is the task.
std::uintptr_t find_callback_task(const PythonRuntimeView& python, std::uintptr_t frame) {
  const std::uintptr_t first = python.layout.object.size;
  const std::uintptr_t second = first + sizeof(std::uintptr_t);
  const std::uintptr_t handle = read_pointer(frame + python.layout.frame.locals) & ~kStackRefTag;
  if (!plausible_object(handle)) return 0;
  const std::uintptr_t callback = read_pointer(handle + second);
  if (!plausible_object(callback)) return 0;
  for (const std::uintptr_t place : {first, second}) {
    const std::uintptr_t task = read_pointer(callback + place);
    if (is_task(python, task)) return task;
  }
  return 0;
}

TaskName find_task_name(const PythonRuntimeView& python, std::uintptr_t task) {
  if (!is_task(python, task)) return {};
  const std::uintptr_t name = read_pointer(task + python.layout.task.name);
  return {view_string(python, name), read_number(python, name)};
}

}  // namespace pyfault

#include "agent/in_signal/thread_name.h"

#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/python_attribute.h"
#include "agent/in_signal/python_object.h"

namespace pyfault {
namespace {

constexpr char kBootstrap[] = "_bootstrap";
constexpr char kName[] = "_name";

}  // namespace

std::uintptr_t find_thread_name(const PythonRuntimeView& python, const RawFrame& outermost) {
  std::uintptr_t function = 0;
  std::uintptr_t thread = 0;
  if (outermost.address == 0 || !plausible_object(outermost.code) ||
      !guarded_read(outermost.code + python.layout.code.name, function) ||
      !string_equals(python, function, kBootstrap, sizeof kBootstrap - 1) ||
      !guarded_read(outermost.address + python.layout.frame.locals, thread)) {
    return 0;
  }
  return find_attribute(python, thread & ~kStackRefTag, kName, sizeof kName - 1);
}

}  // namespace pyfault

#include "agent/python/extension/python_api.h"

#include <cstdlib>

#include "agent/python/extension/agent_library.h"

namespace pyfault {

// _PyThreadState_UncheckedGet() became PyThreadState_GetUnchecked() in 3.13.
PyThreadState* current_thread_state() {
  using Get = PyThreadState* (*)();
  static const Get kGet = [] {
    void* found = interpreter_symbol("PyThreadState_GetUnchecked");
    if (found == nullptr) found = interpreter_symbol("_PyThreadState_UncheckedGet");
    return reinterpret_cast<Get>(found);
  }();
  return kGet();
}

int minor_version() {
  return std::atoi(Py_GetVersion() + sizeof "3." - 1);
}

}  // namespace pyfault

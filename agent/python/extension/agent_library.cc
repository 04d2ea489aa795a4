#include "agent/python/extension/agent_library.h"

#include <Python.h>
#include <dlfcn.h>

#include "agent/arch/processor.h"

// As for the agent, the oldest glibc is 2.17. Every Python has libdl: an interpreter that was
// linked before glibc 2.34 brings it along.
PYFAULT_FIRST_VERSION(dladdr);
PYFAULT_FIRST_VERSION(dlerror);
PYFAULT_FIRST_VERSION(dlopen);
PYFAULT_FIRST_VERSION(dlsym);

namespace pyfault {
namespace {

AgentLibrary library;

template <class Function>
void look_up(void* scope, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(scope, name));
}

void bind_to(void* scope) {
  look_up(scope, "pyfault_annotate", library.annotate);
  look_up(scope, "pyfault_breadcrumb", library.breadcrumb);
  look_up(scope, "pyfault_heartbeat", library.heartbeat);
  look_up(scope, "pyfault_dump", library.dump);
  look_up(scope, "pyfault_guard_enter", library.guard_enter);
  look_up(scope, "pyfault_guard_leave", library.guard_leave);
  look_up(scope, "pyfault_guard_allocator", library.guard_allocator);
  look_up(scope, "pyfault_guard_collector", library.guard_collector);
  look_up(scope, "pyfault_guard_faults", library.guard_faults);
  look_up(scope, "pyfault_enable", library.enable);
  look_up(scope, "pyfault_disable", library.disable);
  look_up(scope, "pyfault_status", library.status);
  look_up(scope, "pyfault_record_first", library.record_first);
}

}  // namespace

const AgentLibrary& agent_library() {
  return library;
}

void find_agent() {
  if (library.enable == nullptr) bind_to(RTLD_DEFAULT);
}

void* interpreter_scope() {
  Dl_info interpreter{};
  const bool found = dladdr(reinterpret_cast<void*>(&Py_IsInitialized), &interpreter) != 0;
  return found ? dlopen(interpreter.dli_fname, RTLD_LAZY | RTLD_NOLOAD) : nullptr;
}

void* interpreter_symbol(const char* name) {
  void* scope = interpreter_scope();
  return dlsym(scope != nullptr ? scope : RTLD_DEFAULT, name);
}

const char* load_agent(const char* path) {
  if (library.enable != nullptr) return nullptr;
  void* agent = dlopen(path, RTLD_NOW | RTLD_GLOBAL | RTLD_NODELETE);
  if (agent == nullptr) return dlerror();
  bind_to(agent);
  return library.enable != nullptr ? nullptr : "it is not an agent of this version";
}

}  // namespace pyfault

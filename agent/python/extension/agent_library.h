// The agent in this process, as the extension calls it: what LD_PRELOAD has loaded, or what
// load_agent() has. Without an agent every function here is null.
#pragma once

#include "agent/pyfault.h"

namespace pyfault {

struct AgentLibrary {
  decltype(&pyfault_annotate) annotate = nullptr;
  decltype(&pyfault_breadcrumb) breadcrumb = nullptr;
  decltype(&pyfault_heartbeat) heartbeat = nullptr;
  decltype(&pyfault_dump) dump = nullptr;
  decltype(&pyfault_guard_enter) guard_enter = nullptr;
  decltype(&pyfault_guard_leave) guard_leave = nullptr;
  decltype(&pyfault_guard_allocator) guard_allocator = nullptr;
  decltype(&pyfault_guard_collector) guard_collector = nullptr;
  decltype(&pyfault_guard_faults) guard_faults = nullptr;
  decltype(&pyfault_enable) enable = nullptr;
  decltype(&pyfault_disable) disable = nullptr;
  decltype(&pyfault_status) status = nullptr;
  decltype(&pyfault_record_first) record_first = nullptr;
};

const AgentLibrary& agent_library();

// Uses the agent that is in front of all libraries, if there is one. Called when the extension is
// imported.
void find_agent();

// A handle of dlopen() for the library that contains the interpreter, which an embedding program
// may have loaded with RTLD_LOCAL; null if it is the program itself.
void* interpreter_scope();

// A symbol of the interpreter; null if it has none of that name.
void* interpreter_symbol(const char* name);

// Loads the agent from `path`, unless there is one already. Returns null, or why it cannot be
// loaded.
const char* load_agent(const char* path);

}  // namespace pyfault

// Visits every thread state of every interpreter, in the order of CPython's own lists.
//
// Context: see capture.h. The lists are walked without CPython's locks: every read is guarded and
// every loop bounded, and a state that is being changed may be missed.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"
#include "agent/in_signal/identity.h"

namespace pyfault {

struct ThreadState {
  std::uintptr_t address = 0;
  std::uintptr_t interpreter = 0;
  std::int64_t interpreter_id = kNoInterpreter;
  std::uintptr_t ident = 0;    // pthread_self() of its thread
  std::int32_t tid = 0;        // 0 where this version does not keep it
  std::uintptr_t frame = 0;    // innermost; 0: none
  std::uintptr_t cframe = 0;   // of its innermost evaluation loop (3.11, 3.12)
  std::uintptr_t task = 0;     // of asyncio, where this version keeps it in the thread state
  bool active = false;         // the one that runs, among several of one thread
  std::uint32_t position = 0;  // 0, 1, 2, ...
};

class ThreadList {
 public:
  explicit ThreadList(const PythonRuntimeView& python);

  // False at the end.
  bool next(ThreadState& state);

 private:
  bool enter_interpreter(std::uintptr_t interpreter);
  bool read(std::uintptr_t address, ThreadState& state);
  bool leads_back(std::uintptr_t from, std::uintptr_t to) const;

  const PythonRuntimeView& python_;
  std::uintptr_t running_ = 0;  // <= 3.11: the state that holds the GIL
  std::uintptr_t interpreter_ = 0;
  std::uintptr_t next_interpreter_ = 0;
  std::int64_t interpreter_id_ = kNoInterpreter;
  std::uintptr_t first_thread_ = 0;  // of the interpreter
  std::uintptr_t next_thread_ = 0;
  std::uint32_t interpreters_ = 0;
  std::uint32_t threads_ = 0;
};

// The state of this thread: the active one where sub-interpreters give it several, else the first
// in the list, else (the list is broken) the one that the thread's own storage points at. False
// when Python does not know it.
bool find_thread_of(const PythonRuntimeView& python, const Identity& thread, ThreadState& state);

}  // namespace pyfault

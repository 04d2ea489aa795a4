// Visits every thread state of every interpreter, in the order of CPython's own lists.
//
// Context: see capture.h. The lists are walked without CPython's locks: every read is guarded and
// every loop bounded, and a state that is being changed may be missed.
#pragma once

#include <cstdint>

#include "agent/in_signal/capture.h"
#include "agent/in_signal/thread_identity.h"

namespace pyfault {

struct ThreadState {
  std::uintptr_t address = 0;
  std::uintptr_t interpreter = 0;
  std::int64_t interpreter_id = kNoInterpreter;
  std::uintptr_t ident = 0;    // pthread_self() of its thread
  std::int32_t tid = 0;        // 0: unknown
  std::uintptr_t frame = 0;    // innermost; 0: none
  std::uintptr_t cframe = 0;   // that of the innermost evaluation loop (3.10 to 3.12)
  std::uintptr_t task = 0;     // the running asyncio task (3.14 on); 0: none
  bool active = false;         // the running one, among several of one thread
  std::uint32_t position = 0;  // 0, 1, 2, ... in the order of the lists
};

class ThreadList {
 public:
  explicit ThreadList(const PythonRuntimeView& python);

  // Returns false at the end.
  bool next(ThreadState& state);

  // Whether there may be more states than next() has returned: a list could not be followed to its
  // end.
  bool is_broken() const { return is_broken_; }

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
  bool is_broken_ = false;
};

// Finds the state of `thread`: the active one if sub-interpreters give it several, else the first
// in the list, else (if the list is broken) the one to which the thread's own storage points.
// Returns false if Python does not know the thread.
bool find_thread_of(const PythonRuntimeView& python, const ThreadIdentity& thread,
                    ThreadState& state);

}  // namespace pyfault

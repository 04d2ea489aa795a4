#include "agent/in_signal/thread_list.h"

#include "agent/arch/processor.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/python_object.h"
#include "agent/in_signal/system_calls.h"

namespace pyfault {
namespace {

constexpr std::uint32_t kMaxInterpreters = 1024;
constexpr std::uint32_t kMaxThreads = 65536;
constexpr std::size_t kThreadStateBytes = 200;  // covers every field that is read from a copy
constexpr std::uint32_t kStatusActive = 1u << 4;
constexpr std::uint32_t kStateAttached = 1;

bool is_active(const PythonLayout& layout, const std::byte* copy, bool is_current) {
  switch (layout.active_rule) {
    case ActiveRule::kRuntimeCurrent:
      return is_current;
    case ActiveRule::kStatusActiveBit:
      return (field<std::uint32_t>(copy, layout.thread.active) & kStatusActive) != 0;
    case ActiveRule::kStateAttached:
      break;
  }
  return field<std::uint32_t>(copy, layout.thread.active) == kStateAttached;
}

// CPython keeps the id from 3.11 on; before that, glibc's own copy is read.
std::int32_t native_thread_id(const PythonRuntimeView& python, const std::byte* copy,
                              std::uintptr_t ident) {
  const PythonLayout& layout = python.layout;
  if (layout.thread.native_thread_id != kAbsent) {
    return field<std::int32_t>(copy, layout.thread.native_thread_id);
  }
  std::int32_t tid = 0;
  if (python.pthread_tid == kAbsent || !guarded_read(ident + python.pthread_tid, tid)) return 0;
  return tid > 0 ? tid : 0;
}

// In 3.11 and 3.12, the thread state points to the evaluation loop's cframe, and that to the frame.
// In 3.10 it points to both.
void find_innermost_frame(const PythonLayout& layout, const std::byte* copy, ThreadState& state) {
  const std::uint16_t cframe = layout.thread.cframe;
  state.frame = field<std::uintptr_t>(copy, layout.thread.frame);
  state.cframe = cframe == kAbsent ? 0 : field<std::uintptr_t>(copy, cframe);
  if (layout.thread.cframe_frame == kAbsent) return;
  state.cframe = state.frame;
  if (!plausible_object(state.cframe) ||
      !guarded_read(state.cframe + layout.thread.cframe_frame, state.frame)) {
    state.frame = 0;
  }
}

std::uintptr_t running_task(const PythonLayout& layout, std::uintptr_t state) {
  std::uintptr_t task = 0;
  if (layout.thread.running_task == kAbsent) return 0;
  return guarded_read(state + layout.thread.running_task, task) ? task : 0;
}

void fill(const PythonLayout& layout, std::uintptr_t address, const std::byte* copy,
          ThreadState& state) {
  state.address = address;
  state.ident = field<std::uintptr_t>(copy, layout.thread.thread_id);
  find_innermost_frame(layout, copy, state);
  state.task = running_task(layout, address);
}

// CPython keeps a pointer to a thread's state with the thread: in a thread-local variable (3.12
// on), or under a pthread key, in the struct pthread. A state that is found must itself name this
// thread.
bool find_in_thread_storage(const PythonRuntimeView& python, std::uintptr_t self,
                            ThreadState& own) {
  const PythonLayout& layout = python.layout;
  const std::uintptr_t end = self + kThreadStorageAbove;
  for (std::uintptr_t place = self - kThreadStorageBelow; place < end; place += sizeof place) {
    std::byte copy[kThreadStateBytes];
    std::uintptr_t state = 0;
    if (!guarded_read(place, state) || !plausible_object(state) || state == self ||
        !guarded_copy(copy, state, sizeof copy) ||
        field<std::uintptr_t>(copy, layout.thread.thread_id) != self) {
      continue;
    }
    const auto interpreter = field<std::uintptr_t>(copy, layout.thread.interpreter);
    if (!plausible_object(interpreter) ||
        !guarded_read(interpreter + layout.interpreter.id, own.interpreter_id)) {
      continue;
    }
    own.interpreter = interpreter;
    fill(layout, state, copy, own);
    return true;
  }
  return false;
}

}  // namespace

ThreadList::ThreadList(const PythonRuntimeView& python) : python_(python) {
  const PythonLayout::Runtime& layout = python.layout.runtime;
  if (!guarded_read(python.runtime + layout.interpreters_head, next_interpreter_)) {
    next_interpreter_ = 0;
  }
  if (layout.current_thread != kAbsent) {
    guarded_read(python.runtime + layout.current_thread, running_);
  }
}

bool ThreadList::next(ThreadState& state) {
  while (threads_ < kMaxThreads) {
    if (next_thread_ == 0) {
      if (next_interpreter_ == 0) return false;
      if (++interpreters_ > kMaxInterpreters || !enter_interpreter(next_interpreter_)) {
        is_broken_ = true;
        return false;
      }
      continue;
    }
    if (read(next_thread_, state)) return true;
    is_broken_ = true;
    next_thread_ = 0;
  }
  is_broken_ = true;
  return false;
}

bool ThreadList::enter_interpreter(std::uintptr_t interpreter) {
  const PythonLayout::Interpreter& layout = python_.layout.interpreter;
  interpreter_ = interpreter;
  if (!plausible_object(interpreter) ||
      !guarded_read(interpreter + layout.next, next_interpreter_)) {
    return false;
  }
  if (next_interpreter_ == interpreter) next_interpreter_ = 0;
  if (!guarded_read(interpreter + layout.id, interpreter_id_)) interpreter_id_ = 0;
  if (!guarded_read(interpreter + layout.threads_head, next_thread_)) next_thread_ = 0;
  first_thread_ = next_thread_;
  return true;
}

bool ThreadList::read(std::uintptr_t address, ThreadState& state) {
  const PythonLayout& layout = python_.layout;
  std::byte copy[kThreadStateBytes];
  if (!plausible_object(address) || !guarded_copy(copy, address, sizeof copy)) return false;
  next_thread_ = field<std::uintptr_t>(copy, layout.thread.next);
  if (leads_back(address, next_thread_)) next_thread_ = 0;
  fill(layout, address, copy, state);
  state.interpreter = interpreter_;
  state.interpreter_id = interpreter_id_;
  state.tid = native_thread_id(python_, copy, state.ident);
  state.active = is_active(layout, copy, address == running_);
  state.position = threads_++;
  return true;
}

// An intact list is linked in both directions. If it is not, a second pass over it tells a list
// that is being changed from one that has become a cycle.
bool ThreadList::leads_back(std::uintptr_t from, std::uintptr_t to) const {
  const PythonLayout::ThreadState& layout = python_.layout.thread;
  std::uintptr_t previous = 0;
  if (!plausible_object(to) || !guarded_read(to + layout.previous, previous) || previous == from) {
    return false;
  }
  std::uintptr_t walked = first_thread_;
  for (std::uint32_t step = 0; step < kMaxThreads; ++step) {
    if (walked == to) return true;
    if (walked == from || !guarded_read(walked + layout.next, walked)) return false;
  }
  return false;
}

namespace {

template <class IsOwn>
bool find_thread(const PythonRuntimeView& python, ThreadState& own, IsOwn is_own) {
  bool found = false;
  ThreadList threads(python);
  for (ThreadState state; threads.next(state);) {
    if (!is_own(state) || (found && !state.active)) continue;
    own = state;
    found = true;
    if (state.active) break;
  }
  return found;
}

}  // namespace

bool find_thread_of(const PythonRuntimeView& python, const ThreadIdentity& thread,
                    ThreadState& state) {
  const std::uintptr_t self = thread.thread_pointer;
  const std::int32_t tid = thread.tid;
  // The native id is stale after a raw fork, so it counts only if no state has the right `ident`.
  return find_thread(python, state, [=](const ThreadState& each) { return each.ident == self; }) ||
         find_thread(python, state, [=](const ThreadState& each) { return each.tid == tid; }) ||
         find_in_thread_storage(python, self, state);
}

}  // namespace pyfault

#include "agent/in_signal/caller_on_stack.h"

#include "agent/arch/instructions.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/loaded_code.h"
#include "agent/in_signal/python_object.h"
#include "agent/in_signal/stack_end.h"
#include "agent/in_signal/thread_list.h"

namespace pyfault {
namespace {

constexpr std::uint32_t kMaxLinks = 1u << 20;

std::uintptr_t stack_end_of_state(const PythonRuntimeView& python, std::uintptr_t thread) {
  std::uintptr_t ident = 0;
  if (python.initial_thread == 0 || !guarded_read(thread + python.layout.thread.thread_id, ident)) {
    return 0;
  }
  return stack_end_of(python, ident);
}

bool runs(const PythonRuntimeView& python, std::uintptr_t frame) {
  std::uintptr_t type = 0;
  std::uint8_t state = 0;
  return plausible_object(frame) && guarded_read(frame + python.layout.object.type, type) &&
         type == python.frame_type && guarded_read(frame + python.layout.frame.state, state) &&
         state == python.layout.executing;
}

// Returns whether `address` follows what may be a call instruction. A pointer to data may do so
// too: the bytes before an object are often those of another pointer, and in one process of 256 the
// address space is laid out such that these pointers look like calls.
bool follows_call(std::uintptr_t address) {
  std::uint8_t before[kLongestCall];
  return address >= kPageSize && address < kUserEnd &&
         guarded_copy(before, address - sizeof before, sizeof before) && ends_with_call(before);
}

// Returns whether a return address belongs to neither the interpreter nor libc nor ld.so. Functions
// of the latter two leave return addresses all over the stack after they have returned.
bool is_foreign(const PythonRuntimeView& python, std::uintptr_t text) {
  return !python.interpreter.has(text) && !python.libc.has(text) && !python.loader.has(text) &&
         may_be_loaded_code(python, text);
}

// What is in a chain is no caller of a frame at the end of one. All other chains must be known: a
// list of threads that is broken, or lacks the thread at hand, hides some, and so does a link that
// was overwritten.
CallerOnStack check(const PythonRuntimeView& python, std::uintptr_t thread, std::uintptr_t frame) {
  std::uint32_t links = 0;
  bool is_listed = false;
  ThreadList threads(python);
  for (ThreadState state; threads.next(state);) {
    const bool is_own = state.address == thread;
    is_listed |= is_own;
    std::uintptr_t each = state.frame;
    while (each != 0) {
      if (each == frame) return {};
      const bool is_read = plausible_object(each) && ++links <= kMaxLinks &&
                           guarded_read(each + python.layout.frame.previous, each);
      if (is_read) continue;
      if (!is_own) return {0, true};
      break;
    }
  }
  const bool are_all_known = is_listed && !threads.is_broken();
  return are_all_known ? CallerOnStack{frame} : CallerOnStack{0, true};
}

}  // namespace

CallerOnStack caller_on_stack(const PythonRuntimeView& python, std::uintptr_t thread,
                              std::uintptr_t frame) {
  const std::uintptr_t end = stack_end_of_state(python, thread);
  if (!plausible_object(end) || frame == 0 || python.interpreter.begin == 0) return {};
  std::uintptr_t caller = 0;
  bool has_own_call = false;
  bool has_foreign_call = false;
  for (std::size_t depth = sizeof end; depth < kMaxStackBytes; depth += sizeof end) {
    std::uintptr_t word = 0;
    if (!guarded_read(end - depth, word)) return {};
    if (word == frame) {
      if (caller != 0 && !has_own_call) continue;  // the caller's own copy, from before the call
      if (caller == 0 || has_foreign_call) return {};
      return check(python, thread, caller);
    }
    if (runs(python, word)) {
      caller = word;
      has_own_call = has_foreign_call = false;
    } else if (caller != 0 && follows_call(word)) {
      has_own_call |= python.interpreter.has(word);
      has_foreign_call = has_foreign_call || is_foreign(python, word);
    }
  }
  return {};
}

}  // namespace pyfault

#include "watchdog/format/stack_folds.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <string>

#include "watchdog/crash/native_names.h"

namespace pyfault {
namespace {

using Stack = std::vector<StackEntry>;

// Functions that every interpreter exports, and no extension contains.
constexpr std::string_view kOfInterpreter[] = {
    "_PyEval_EvalFrameDefault", "PyEval_EvalCode",        "Py_BytesMain",       "Py_RunMain",
    "_PyObject_MakeTpCall",     "_PyFunction_Vectorcall", "PyObject_CallObject"};

bool is_native(const StackEntry& entry) {
  return entry.kind == StackEntry::Kind::kNative;
}

bool is_python(const StackEntry& entry) {
  return entry.kind == StackEntry::Kind::kPython;
}

bool is_of_interpreter(const StackEntry& entry) {
  if (!is_native(entry) || entry.native.inlined || entry.native.module.empty()) return false;
  const std::string_view name = without_suffix(entry.native.function);
  return std::ranges::find(kOfInterpreter, name) != std::end(kOfInterpreter);
}

bool may_be_evaluation(const StackEntry& entry) {
  if (!is_native(entry) || entry.native.module.empty()) return false;
  return entry.native.function.empty() || passes_call_on(entry.native.function);
}

bool is_merged(const Thread& thread) {
  return thread.native && thread.native->merged_by != NativeStack::Merge::kNone;
}

// Distributions strip the libraries of C and C++, so that their static functions have no names.
bool is_nameless_runtime(const NativeFrame& frame) {
  if (!frame.function.empty()) return false;
  const std::string_view file = file_name_of(frame.module);
  return file.starts_with("libc.so") || file.starts_with("libc-2.") ||
         file.starts_with("libpthread") || file.starts_with("libstdc++.so");
}

// The module that most often follows a Python frame, and so contains the evaluation function.
InterpreterModules most_frequent_after_python(const Crash& crash) {
  std::map<std::string_view, std::size_t> counts;
  for (const Thread& thread : crash.threads) {
    if (!is_merged(thread)) continue;
    for (std::size_t index = 1; index < thread.stack.size(); ++index) {
      const StackEntry& entry = thread.stack[index];
      if (is_python(thread.stack[index - 1]) && may_be_evaluation(entry))
        ++counts[entry.native.module];
    }
  }
  const auto most = std::ranges::max_element(
      counts, {}, [](const auto& module_and_count) { return module_and_count.second; });
  if (most == counts.end()) return {};
  return {most->first};
}

class Folder {
 public:
  Folder(const Thread& thread, const InterpreterModules& interpreter)
      : stack_(thread.stack),
        interpreter_(interpreter),
        is_merged_(is_merged(thread)),
        folds_(stack_.size(), Fold::kNone) {
    const auto first = std::ranges::find_if(stack_, is_python);
    const auto last = std::find_if(stack_.rbegin(), stack_.rend(), is_python);
    first_python_ = static_cast<std::size_t>(first - stack_.begin());
    after_last_python_ = static_cast<std::size_t>(stack_.rend() - last);
  }

  std::vector<Fold> run() {
    fold_end();
    // Backwards, because what was inlined into a frame goes with it.
    for (std::size_t index = stack_.size(); index-- > 0;) {
      if (is_native(stack_[index]) && folds_[index] == Fold::kNone) folds_[index] = fold_of(index);
    }
    return std::move(folds_);
  }

 private:
  // Folds the innermost frames up to the last one that is known to end the process.
  void fold_end() {
    std::size_t end = 0;
    for (std::size_t index = 0; index < first_python_ && is_native(stack_[index]); ++index) {
      const NativeFrame& frame = stack_[index].native;
      if (ends_process(frame.function)) {
        end = index + 1;
      } else if (!is_nameless_runtime(frame)) {
        break;
      }
    }
    std::fill_n(folds_.begin(), end, Fold::kEnd);
  }

  Fold fold_of(std::size_t index) const {
    const NativeFrame& frame = stack_[index].native;
    if (frame.trust == Trust::kContext) return Fold::kNone;  // at which it faulted
    const bool has_next = index + 1 < stack_.size() && is_native(stack_[index + 1]);
    if (frame.inlined && has_next && folds_[index + 1] != Fold::kNone) return folds_[index + 1];
    if (has_next && frame.module.empty() && stack_[index + 1].native.trust == Trust::kTrampoline)
      return Fold::kPassesCall;
    const bool is_inside = interpreter_.contains(frame.module);
    if (is_inside && passes_call_on(frame.function)) return Fold::kPassesCall;
    const bool is_started = is_merged_ && after_last_python_ > 0 && index >= after_last_python_;
    if (is_started && (is_inside || is_nameless_runtime(frame) || starts_process(frame.function)))
      return Fold::kInterpreter;
    const bool is_between = is_merged_ && index > first_python_ && index < after_last_python_;
    return is_between && is_inside && frame.function.empty() ? Fold::kInterpreter : Fold::kNone;
  }

  const Stack& stack_;
  const InterpreterModules& interpreter_;
  const bool is_merged_;
  std::vector<Fold> folds_;
  std::size_t first_python_ = 0;
  std::size_t after_last_python_ = 0;  // 0: there is no Python frame
};

}  // namespace

InterpreterModules interpreter_modules(const Crash& crash) {
  InterpreterModules modules;
  for (const Thread& thread : crash.threads) {
    for (const StackEntry& entry : thread.stack) {
      if (is_of_interpreter(entry)) modules.insert(entry.native.module);
    }
  }
  return modules.empty() ? most_frequent_after_python(crash) : modules;
}

std::vector<Fold> folds_of(const Thread& thread, const InterpreterModules& interpreter) {
  return Folder(thread, interpreter).run();
}

}  // namespace pyfault

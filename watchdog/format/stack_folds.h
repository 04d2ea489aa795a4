// Decides which native frames a text report folds because they only explain how CPython works:
// those that pass a call from Python to C and back, those from which the program started, and those
// that end it after an error. What is inside the interpreter is known by the module; which
// functions of it pass calls on, by their names. Where the interpreter has no names (it is
// stripped), all that it has between two Python frames is folded.
#pragma once

#include <set>
#include <string_view>
#include <vector>

#include "watchdog/crash/crash.h"

namespace pyfault {

enum class Fold {
  kNone,         // to be shown
  kPassesCall,   // of the interpreter: passes a call on
  kInterpreter,  // of the interpreter, or before it
  kEnd,          // ends the process
};

// The files that the interpreter's own code is in: the program itself, or libpython. Refers to the
// crash.
using InterpreterModules = std::set<std::string_view>;
InterpreterModules interpreter_modules(const Crash& crash);

// One for each entry of thread.stack.
std::vector<Fold> folds_of(const Thread& thread, const InterpreterModules& interpreter);

}  // namespace pyfault

// The stack of a thread in the text report: the lines below its headline, innermost frame first.
#pragma once

#include <string>
#include <vector>

#include "watchdog/crash/crash.h"
#include "watchdog/format/stack_folds.h"

namespace pyfault {

class StackText {
 public:
  // `full`: native frames are not folded. The crash must outlive this.
  StackText(const Crash& crash, bool full);

  // Python and native frames in one list, as far as native ones are known.
  std::string of(const Thread& thread) const;

 private:
  std::vector<std::string> entries(const Thread& thread) const;

  const Crash& crash_;
  const bool full_;
  const InterpreterModules interpreter_;
};

}  // namespace pyfault

// The stack of a stack_subject that has died, ready to be symbolized.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "watchdog/symbolize/captured_stack.h"
#include "watchdog/symbolize/symbolizer.h"

namespace pyfault::test {

class DeadSubject {
 public:
  // Runs the subject, which dies as `how` says; `thread`: in a thread of its own. Throws
  // std::runtime_error if it does not.
  explicit DeadSubject(const std::string& how, bool in_thread = false,
                       const std::filesystem::path& program = path());

  static std::filesystem::path path();

  CapturedStack stack;
  MemoryMap map;

  // A request for this stack, with all files of the map, and without what debug files this host
  // has.
  SymbolizeRequest request() const;

  std::uint64_t program_counter() const;
};

std::filesystem::path symbolizer_program();

// The number of the line of stack_subject.cc with the comment "[mark]".
int line_of(const std::string& mark);

// All functions of a stack in a line each, as a test compares them: the name without arguments;
// "in NAME" for an inlined one; "?" for an unknown one.
std::vector<std::string> names_in(const UnwoundStack& stack);

// Gives the symbolizer more time than it ever takes.
inline constexpr std::chrono::seconds kPatience{60};
Symbols symbolize(const SymbolizeRequest& request,
                  const std::filesystem::path& program = symbolizer_program());

}  // namespace pyfault::test

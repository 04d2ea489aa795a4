// Turns the words after --exec into the command to execute.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pyfault {

struct Command {
  std::vector<std::string> argv;   // argv[0] as given by the user: a path, or a name on PATH
  std::string script;              // the .py file in argv; empty if there is none
  bool interpreter_added = false;  // argv[0] is an interpreter added by the watchdog
};

// Puts the interpreter in front of a PROGRAM that ends in .py, and of -m or -c in its place; leaves
// everything else unchanged. No side effects. `words` is not empty.
Command resolve_command(const std::vector<std::string>& words, const std::string& python);

// Where to look for the program, if not in the surroundings of the watchdog.
struct Surroundings {
  std::optional<std::string> path;  // PATH; nullopt: the watchdog's
  std::string directory;            // base of relative names; empty: the working directory
};

// The files to try: the program is the first of `candidates` that can be executed.
struct ProgramSearch {
  std::vector<std::string> candidates;
  std::string script;  // its path, which must be readable; empty if there is none
};
ProgramSearch search_for(const Command& command, const Surroundings& where = {});

struct ProgramFound {
  std::size_t candidate = 0;
  int error = 0;         // errno of the best candidate
  int script_error = 0;  // errno of the script, which is checked first
};
// May block on a disk. Does not allocate or lock, so a cloned child can call it.
ProgramFound look_for(const ProgramSearch& search);

// Throws a StartError that names what the user gave: kExitNotFound if the program, the script or
// the interpreter does not exist, kExitCannotExecute if it cannot be executed (or read, for a
// script).
[[noreturn]] void fail_to_find(const Command& command, const ProgramFound& found);

// Combines the above: returns the path of the file to execute, found as execvp(3) would find it.
// Throws StartError as above.
std::string locate(const Command& command, const Surroundings& where = {});

}  // namespace pyfault

// From the words after --exec to what is executed.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace pyfault {

struct Command {
  std::vector<std::string> argv;   // argv[0] as the user wrote it: a path, or a name on PATH
  std::string script;              // the .py file among argv; empty where there is none
  bool interpreter_added = false;  // argv[0] is the interpreter that we put there
};

// PROGRAM ending in .py, and -m or -c in its place, get the interpreter put in front; everything
// else stays as it is. Pure. `words` is not empty.
Command resolve_command(const std::vector<std::string>& words, const std::string& python);

// Where a program is looked for, if not where we are.
struct Surroundings {
  std::optional<std::string> path;  // PATH; none: ours
  std::string directory;            // relative names begin here; empty: in our working directory
};

// Where that is: the file to execute is the first of `candidates` that can be executed.
struct ProgramSearch {
  std::vector<std::string> candidates;
  std::string script;  // its path, which must be readable; empty where there is none
};
ProgramSearch search_for(const Command& command, const Surroundings& where = {});

struct ProgramFound {
  std::size_t candidate = 0;
  int error = 0;         // errno of the best that was found
  int script_error = 0;  // of the script; looked at first
};
// May take as long as a disk takes. No allocation and no lock, for a child that was cloned.
ProgramFound look_for(const ProgramSearch& search);

// Why it was not found, in words that name what the user gave. Throws StartError: kExitNotFound
// where the program, the script or the interpreter does not exist, kExitCannotExecute where it
// can't be executed (or, for a script, read).
[[noreturn]] void fail_to_find(const Command& command, const ProgramFound& found);

// All of that: the path of the file to execute, found as execvp(3) would find it. Throws
// StartError as above.
std::string locate(const Command& command, const Surroundings& where = {});

}  // namespace pyfault

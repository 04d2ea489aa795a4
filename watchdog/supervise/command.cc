#include "watchdog/supervise/command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "watchdog/start_error.h"

namespace pyfault {
namespace {

constexpr std::string_view kDefaultPath = "/bin:/usr/bin";  // execvp's, where PATH is unset

// 0, or the errno that using the file as `mode` (R_OK, X_OK) would give.
int file_error(const std::string& path, int mode) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  return ::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0 ? 0 : errno;
}

std::string inside(const std::string& directory, const std::string& name) {
  return directory.empty() || name.starts_with('/') ? name : directory + "/" + name;
}

bool is_missing(int error) {
  return error == ENOENT || error == ENOTDIR;
}

struct Found {
  std::string path;
  int error = ENOENT;
};

// The first that can be executed; else the first that is there but can't be; else not found.
Found search_path(const std::string& name, const Surroundings& where) {
  std::string_view rest = kDefaultPath;
  if (const char* ours = std::getenv("PATH")) rest = ours;
  if (where.path) rest = *where.path;
  Found best;
  for (bool more = true; more;) {
    const std::size_t colon = rest.find(':');
    const std::string_view directory = rest.substr(0, colon);
    const std::string path = inside(where.directory, inside(std::string(directory), name));
    const int error = file_error(path, X_OK);
    if (error == 0) return {path, 0};
    if (!is_missing(error) && is_missing(best.error)) best = {path, error};
    more = colon != std::string_view::npos;
    if (more) rest.remove_prefix(colon + 1);
  }
  return best;
}

Found find_program(const std::string& name, const Surroundings& where) {
  if (name.empty()) return {};
  if (name.find('/') == std::string::npos) return search_path(name, where);
  const std::string path = inside(where.directory, name);
  return {path, file_error(path, X_OK)};
}

std::string describe(int error, const char* denied) {
  if (error == EISDIR) return "is a directory";
  if (error == EACCES) return denied;
  return std::generic_category().message(error);
}

[[noreturn]] void fail_program(const Command& command, int error) {
  const std::string& name = command.argv.front();
  const std::string quoted = "'" + name + "'";
  const std::string subject = command.interpreter_added ? "the interpreter " + quoted : quoted;
  const std::string advice = command.interpreter_added ? "; name another with --python" : "";
  if (is_missing(error)) {
    const bool on_path = !name.empty() && name.find('/') == std::string::npos;
    throw StartError(kExitNotFound, "cannot run " + subject + ": not found" +
                                        (on_path ? " on PATH" : "") + advice);
  }
  throw StartError(kExitCannotExecute,
                   "cannot run " + subject + ": " + describe(error, "not executable") + advice);
}

void check_script(const std::string& script, const Surroundings& where) {
  const int error = file_error(inside(where.directory, script), R_OK);
  if (error == 0) return;
  const std::string subject = "cannot run '" + script + "': ";
  if (is_missing(error)) throw StartError(kExitNotFound, subject + "no such file");
  throw StartError(kExitCannotExecute, subject + describe(error, "not readable"));
}

}  // namespace

Command resolve_command(const std::vector<std::string>& words, const std::string& python) {
  const std::string& first = words.front();
  const bool is_script = first.ends_with(".py");
  if (!is_script && first != "-m" && first != "-c") return {words, "", false};
  Command command{{python}, is_script ? first : "", true};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  return command;
}

std::string locate(const Command& command, const Surroundings& where) {
  if (!command.script.empty()) check_script(command.script, where);
  const Found program = find_program(command.argv.front(), where);
  if (program.error != 0) fail_program(command, program.error);
  return program.path;
}

}  // namespace pyfault

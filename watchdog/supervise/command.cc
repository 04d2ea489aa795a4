#include "watchdog/supervise/command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <system_error>

#include "watchdog/start_error.h"

namespace pyfault {
namespace {

constexpr std::string_view kDefaultPath = "/bin:/usr/bin";  // execvp(3)'s default without PATH

// Returns 0, or the errno of using the file with `mode` (R_OK, X_OK).
int file_error(const char* path, int mode) {
  struct stat status {};
  if (::stat(path, &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  return ::faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0 ? 0 : errno;
}

std::string inside(const std::string& directory, const std::string& name) {
  return directory.empty() || name.starts_with('/') ? name : fmt::format("{}/{}", directory, name);
}

bool is_missing(int error) {
  return error == ENOENT || error == ENOTDIR;
}

std::vector<std::string> candidates_on_path(const std::string& name, const Surroundings& where) {
  std::string_view rest = kDefaultPath;
  if (const char* ours = std::getenv("PATH")) rest = ours;
  if (where.path) rest = *where.path;
  std::vector<std::string> candidates;
  for (bool more = true; more;) {
    const std::size_t colon = rest.find(':');
    const std::string directory(rest.substr(0, colon));
    candidates.push_back(inside(where.directory, inside(directory, name)));
    more = colon != std::string_view::npos;
    if (more) rest.remove_prefix(colon + 1);
  }
  return candidates;
}

std::string describe(int error, const char* denied) {
  if (error == EISDIR) return "is a directory";
  if (error == EACCES) return denied;
  return std::generic_category().message(error);
}

[[noreturn]] void fail_program(const Command& command, int error) {
  const std::string& name = command.argv.front();
  const std::string subject =
      fmt::format("{}'{}'", command.interpreter_added ? "the interpreter " : "", name);
  const char* advice = command.interpreter_added ? "; name another with --python" : "";
  if (is_missing(error)) {
    const bool on_path = !name.empty() && name.find('/') == std::string::npos;
    throw StartError(kExitNotFound, fmt::format("cannot run {}: not found{}{}", subject,
                                                on_path ? " on PATH" : "", advice));
  }
  throw StartError(kExitCannotExecute, fmt::format("cannot run {}: {}{}", subject,
                                                   describe(error, "not executable"), advice));
}

[[noreturn]] void fail_script(const std::string& script, int error) {
  const std::string subject = fmt::format("cannot run '{}': ", script);
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

ProgramSearch search_for(const Command& command, const Surroundings& where) {
  ProgramSearch search;
  if (!command.script.empty()) search.script = inside(where.directory, command.script);
  const std::string& name = command.argv.front();
  const bool is_path = name.find('/') != std::string::npos;
  if (is_path) search.candidates = {inside(where.directory, name)};
  if (!is_path && !name.empty()) search.candidates = candidates_on_path(name, where);
  return search;
}

// Returns the first candidate that can be executed, else the first that exists, else "not found".
ProgramFound look_for(const ProgramSearch& search) {
  ProgramFound best{0, ENOENT, 0};
  if (!search.script.empty()) best.script_error = file_error(search.script.c_str(), R_OK);
  if (best.script_error != 0) return best;
  for (std::size_t index = 0; index < search.candidates.size(); ++index) {
    const int error = file_error(search.candidates[index].c_str(), X_OK);
    if (error == 0) return {index, 0, 0};
    if (!is_missing(error) && is_missing(best.error)) best = {index, error, 0};
  }
  return best;
}

void fail_to_find(const Command& command, const ProgramFound& found) {
  if (found.script_error != 0) fail_script(command.script, found.script_error);
  fail_program(command, found.error);
}

std::string locate(const Command& command, const Surroundings& where) {
  const ProgramSearch search = search_for(command, where);
  const ProgramFound found = look_for(search);
  if (found.script_error != 0 || found.error != 0) fail_to_find(command, found);
  return search.candidates[found.candidate];
}

}  // namespace pyfault

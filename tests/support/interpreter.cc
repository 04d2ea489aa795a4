#include "tests/support/interpreter.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "tests/support/child_process.h"
#include "tests/support/files.h"
#include "tests/support/test_matrix.h"

namespace pyfault::test {
namespace {

namespace fs = std::filesystem;

constexpr Version kOldest{3, 8};

// Prints one line: executable, minor version such as "3.11", and label.
constexpr char kSelfPortrait[] =
    "import sys, sysconfig; v = sys.version_info\n"
    "print(sys.executable, '%d.%d' % v[:2], '%d.%d.%d' % v[:3] +"
    " ('t' if sysconfig.get_config_var('Py_GIL_DISABLED') else ''), sep='\\t')\n"
    "sys.exit(sys.implementation.name != 'cpython')";

std::string from_environment(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : fallback;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) {
    if (!part.empty()) parts.push_back(part);
  }
  return parts;
}

bool is_program(const fs::path& path) {
  return ::access(path.c_str(), X_OK) == 0;
}

std::vector<fs::path> on_path() {
  for (const std::string& folder : split(from_environment("PATH", ""), ':')) {
    if (is_program(fs::path(folder) / "python3")) return {fs::path(folder) / "python3"};
  }
  return {};
}

std::vector<fs::path> versioned_in_usr_bin() {
  std::vector<fs::path> found;
  for (int minor = kOldest.minor; minor < 30; ++minor) {
    const fs::path path = "/usr/bin/python3." + std::to_string(minor);
    if (is_program(path)) found.push_back(path);
  }
  return found;
}

std::vector<fs::path> of_pyenv() {
  std::vector<fs::path> found;
  std::error_code none;
  const fs::path versions = from_environment("HOME", "") + "/.pyenv/versions";
  for (const auto& entry : fs::directory_iterator(versions, none)) {
    if (is_program(entry.path() / "bin/python3")) found.push_back(entry.path() / "bin/python3");
  }
  std::ranges::sort(found);
  return found;
}

std::vector<fs::path> candidates() {
  std::vector<fs::path> all = on_path();
  std::ranges::copy(versioned_in_usr_bin(), std::back_inserter(all));
  std::ranges::copy(of_pyenv(), std::back_inserter(all));
  std::ranges::copy(split(from_environment("PYFAULT_TEST_PYTHONS", ""), ':'),
                    std::back_inserter(all));
  return all;
}

// The key changes when the path refers to another file or the file is modified.
std::string cache_key(const fs::path& path) {
  const auto changed = fs::last_write_time(path).time_since_epoch().count();
  return path.string() + " " + fs::canonical(path).string() + " " + std::to_string(changed);
}

std::map<std::string, std::string> read_cache(const fs::path& path) {
  std::map<std::string, std::string> cache;
  if (!fs::exists(path)) return cache;
  const auto lines = split_lines(read_file(path));
  for (std::size_t i = 0; i + 1 < lines.size(); i += 2) cache[lines[i]] = lines[i + 1];
  return cache;
}

// Several test processes may write the cache at the same time: the last one wins, and none reads an
// unfinished file.
void write_cache(const fs::path& path, const std::map<std::string, std::string>& cache) {
  std::string text;
  for (const auto& [key, portrait] : cache) text += key + "\n" + portrait + "\n";
  const fs::path fresh = path.string() + "." + std::to_string(::getpid());
  write_file(fresh, text);
  fs::rename(fresh, path);
}

std::string ask(const fs::path& path) {
  const Outcome outcome = run({.command = {path, "-I", "-S", "-c", kSelfPortrait}});
  if (outcome.ending != exited(0)) return "";
  return outcome.out.substr(0, outcome.out.find('\n'));
}

std::optional<Interpreter> parse_portrait(const std::string& portrait) {
  const auto fields = split(portrait, '\t');
  if (fields.size() != 3) return std::nullopt;
  return Interpreter{fields[0], fields[2], parse_version(fields[1])};
}

void give_each_a_label(std::vector<Interpreter>& found) {
  std::map<std::string, int> seen;
  for (Interpreter& interpreter : found) {
    const int count = ++seen[interpreter.label];
    if (count > 1) interpreter.label += "_" + std::to_string(count);
  }
}

std::vector<Interpreter> find_interpreters() {
  const fs::path cache_path = from_environment("PYFAULT_TEST_CACHE", PYFAULT_TEST_CACHE);
  auto cache = read_cache(cache_path);
  bool asked = false;
  std::vector<Interpreter> found;
  std::set<fs::path> known;
  for (const fs::path& path : candidates()) {
    if (!is_program(path)) continue;
    const auto [entry, is_new] = cache.try_emplace(cache_key(path));
    if (is_new) entry->second = ask(path);
    asked |= is_new;
    const auto interpreter = parse_portrait(entry->second);
    if (!interpreter || interpreter->version < kOldest) continue;
    if (known.insert(fs::canonical(interpreter->path)).second) found.push_back(*interpreter);
  }
  if (asked) write_cache(cache_path, cache);
  std::ranges::stable_sort(found, {}, &Interpreter::version);
  give_each_a_label(found);
  return found;
}

}  // namespace

Version parse_version(const std::string& text) {
  Version version;
  char dot = 0;
  std::istringstream stream(text);
  if (!(stream >> version.major >> dot >> version.minor) || dot != '.') {
    throw std::runtime_error("not a version: " + text);
  }
  return version;
}

std::ostream& operator<<(std::ostream& stream, const Interpreter& interpreter) {
  return stream << interpreter.path.string() << " (" << interpreter.label << ")";
}

const std::vector<Interpreter>& interpreters_present() {
  static const std::vector<Interpreter> found = find_interpreters();
  return found;
}

const std::vector<Interpreter>& interpreters() {
  static const std::vector<Interpreter> tested = chosen(interpreters_present());
  return tested;
}

std::string test_name(const Interpreter& interpreter) {
  std::string name = interpreter.label;
  std::ranges::replace(name, '.', '_');
  return name;
}

}  // namespace pyfault::test

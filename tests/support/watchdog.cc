#include "tests/support/watchdog.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "tests/support/event_schema.h"
#include "tests/support/files.h"

namespace pyfault::test {

std::filesystem::path watchdog_path() {
  const char* path = std::getenv("PYFAULT_WATCHDOG");
  return path != nullptr ? path : PYFAULT_WATCHDOG;
}

std::filesystem::path agent_path() {
  return watchdog_path().parent_path().parent_path() / "lib/pyfault-watchdog/libpyfault_agent.so";
}

std::filesystem::path ctl_path() {
  return watchdog_path().parent_path() / "pyfaultctl";
}

std::filesystem::path install_copy(const std::filesystem::path& directory) {
  namespace fs = std::filesystem;
  const fs::path original = watchdog_path().parent_path().parent_path();
  for (const fs::path& program : {watchdog_path(), agent_path()}) {
    const fs::path copy = directory / program.lexically_relative(original);
    fs::create_directories(copy.parent_path());
    fs::copy_file(program, copy);
    fs::permissions(copy, fs::perms(0755));
  }
  return directory / watchdog_path().lexically_relative(original);
}

std::filesystem::path preloadable(const std::filesystem::path& library,
                                  const std::filesystem::path& directory) {
  std::filesystem::path link = directory / library.filename();
  if (!std::filesystem::is_symlink(link)) std::filesystem::create_symlink(library, link);
  return link;
}

Watchdog::Watchdog(Interpreter interpreter, std::filesystem::path log)
    : interpreter_(std::move(interpreter)), log_(std::move(log)) {}

Watchdog& Watchdog::format(std::string name) {
  format_ = std::move(name);
  return *this;
}

Watchdog& Watchdog::native(std::string mode) {
  native_ = std::move(mode);
  return *this;
}

std::vector<std::string> Watchdog::command(const std::vector<std::string>& program) const {
  std::vector<std::string> words = {watchdog_path(),   "--log",    log_,    "--log-format",
                                    format_,           "--native", native_, "--python",
                                    interpreter_.path, "--exec"};
  std::ranges::copy(program, std::back_inserter(words));
  return words;
}

std::string Watchdog::report() const {
  return std::filesystem::exists(log_) ? read_file(log_) : "";
}

std::vector<nlohmann::json> Watchdog::events() const {
  std::string lines = report();
  lines.resize(lines.rfind('\n') + 1);  // the last line may be incomplete
  std::vector<nlohmann::json> all;
  for (const std::string& line : split_lines(lines)) {
    all.push_back(nlohmann::json::parse(line));
    const std::string errors = schema_errors(all.back());
    if (!errors.empty()) throw std::runtime_error("not as the schema has it:\n" + errors + line);
  }
  return all;
}

std::vector<nlohmann::json> Watchdog::events(const std::string& kind) const {
  auto all = events();
  std::erase_if(all, [&](const nlohmann::json& event) {
    const std::string name = event.value("event", "");
    return (name == "exit" && event.contains("parents") ? kExitBelow : name) != kind;
  });
  return all;
}

}  // namespace pyfault::test

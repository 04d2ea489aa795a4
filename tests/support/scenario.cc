#include "tests/support/scenario.h"

#include <algorithm>
#include <regex>
#include <set>
#include <stdexcept>

#include "tests/support/files.h"

namespace pyfault::test {
namespace {

namespace fs = std::filesystem;

const std::set<std::string> kKeys = {
    "Expect",  "Crashes",    "Process",      "Forged",      "Signal",  "Frames", "Depth",
    "Culprit", "Title",      "Threads",      "Interpreter", "Names",   "Notice", "Words",
    "Exit",    "File",       "Function",     "Source",      "Sources", "Span",   "Address",
    "Garbage", "Finalizing", "Faulthandler", "Needs",       "Until",   "Task"};

}  // namespace

Scenario::Scenario(const fs::path& program) : program_(program) {
  static const std::regex key_line(R"(# ([A-Z][a-z]+)(?:@(\d+\.\d+))?: (.+))");
  for (const std::string& line : split_lines(read_file(program))) {
    if (!line.starts_with('#')) break;
    std::smatch parts;
    if (!std::regex_match(line, parts, key_line)) continue;
    if (!kKeys.contains(parts[1])) throw std::runtime_error(program.string() + ": " + line);
    const Version from = parts[2].matched ? parse_version(parts[2]) : Version{};
    head_[parts[1]][from] = parts[3];
  }
  if (!head_.contains("Expect")) throw std::runtime_error(program.string() + " expects nothing");
}

std::optional<std::string> Scenario::expected(const std::string& key, Version version) const {
  const auto entry = head_.find(key);
  if (entry == head_.end()) return std::nullopt;
  const auto after = entry->second.upper_bound(version);
  if (after == entry->second.begin()) return std::nullopt;
  return std::prev(after)->second;
}

bool Scenario::runs_on(Version version) const {
  const auto needs = expected("Needs", version);
  const auto until = expected("Until", version);
  return !(needs && version < parse_version(*needs)) && !(until && version > parse_version(*until));
}

std::vector<Scenario> scenarios() {
  std::vector<Scenario> all;
  for (const auto& entry : fs::directory_iterator(fs::canonical(PYFAULT_SCENARIOS))) {
    if (entry.path().extension() == ".py") all.emplace_back(entry.path());
  }
  std::ranges::sort(all, {}, &Scenario::name);
  return all;
}

}  // namespace pyfault::test

#include "tests/support/test_matrix.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace pyfault::test {
namespace {

// Returns nothing for the whole matrix.
std::optional<std::string> seed_of_narrow_matrix() {
  static constexpr std::string_view kNarrow = "narrow:";
  const char* value = std::getenv("PYFAULT_TEST_MATRIX");
  const std::string text = value != nullptr ? value : "all";
  if (text == "all" || text.empty()) return std::nullopt;
  if (text.starts_with(kNarrow) && text.size() > kNarrow.size()) return text.substr(kNarrow.size());
  throw std::runtime_error("PYFAULT_TEST_MATRIX is \"" + text +
                           "\", but must be \"all\" or \"narrow:SEED\"");
}

// FNV-1a, because std::hash may differ between machines.
std::uint64_t hash(const std::string& text) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return value;
}

bool is_of_the_system(const Interpreter& interpreter) {
  return interpreter.path.string().starts_with("/usr/bin/");
}

}  // namespace

bool matrix_is_whole() {
  return !seed_of_narrow_matrix();
}

std::vector<Interpreter> chosen(const std::vector<Interpreter>& present) {
  const auto seed = seed_of_narrow_matrix();
  return seed ? narrowed(present, *seed) : present;
}

std::vector<Interpreter> narrowed(const std::vector<Interpreter>& present,
                                  const std::string& seed) {
  if (present.empty()) return {};
  const auto newest = std::ranges::find(present, present.back().version, &Interpreter::version);
  std::vector<bool> taken;
  for (auto each = present.begin(); each != present.end(); ++each) {
    taken.push_back(each == present.begin() || each == newest || is_of_the_system(*each));
  }
  if (const auto rest = static_cast<std::uint64_t>(std::ranges::count(taken, false)); rest > 0) {
    auto one = std::ranges::find(taken, false);
    for (std::uint64_t i = hash(seed) % rest; i > 0; --i)
      one = std::find(one + 1, taken.end(), false);
    *one = true;
  }
  std::vector<Interpreter> few;
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (taken[i]) few.push_back(present[i]);
  }
  return few;
}

}  // namespace pyfault::test

#include "watchdog/toml/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>

namespace pyfault {
namespace {

constexpr std::size_t kShortList = 8;

bool same_letter(char a, char b) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  return lower(a) == lower(b) || (a == '-' && b == '_') || (a == '_' && b == '-');
}

// The edit distance: letters to insert, delete or replace, or adjacent letters to swap.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before, last, row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= from.size(); ++i) {
    before = std::move(last);
    last = row;
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (same_letter(from[i - 1], to[j - 1]) ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && same_letter(from[i - 1], to[j - 2]) &&
                           same_letter(from[i - 2], to[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

// A third of the letters may be wrong, or one word may be a prefix of the other, such as "env".
bool is_near(std::string_view word, std::string_view known) {
  return distance(word, known) <= std::max(word.size(), known.size()) / 3 ||
         (word.size() >= 3 && (known.starts_with(word) || word.starts_with(known)));
}

}  // namespace

std::string describe(const Problem& problem, const std::string& file) {
  const std::string line = problem.line > 0 ? fmt::format("{}:", problem.line) : "";
  const std::string text = fmt::format("{}:{} {}", file, line, problem.message);
  return problem.suggestion.empty() ? text : fmt::format("{}; {}", text, problem.suggestion);
}

std::string suggest(std::string_view word, std::span<const std::string_view> known) {
  const auto nearest = std::ranges::min_element(
      known, {}, [&](std::string_view each) { return distance(word, each); });
  if (nearest != known.end() && is_near(word, *nearest)) {
    return fmt::format("did you mean '{}'?", *nearest);
  }
  const auto starting = std::ranges::find_if(known, [&](auto each) { return is_near(word, each); });
  if (starting != known.end()) return fmt::format("did you mean '{}'?", *starting);
  if (known.size() > kShortList) return "";
  std::string list;
  for (const std::string_view each : known) {
    list += (list.empty() ? "use " : each == known.back() ? " or " : ", ") + std::string(each);
  }
  return list;
}

}  // namespace pyfault

#include "tests/e2e/faulthandler_mark.h"

#include <algorithm>
#include <regex>
#include <sstream>
#include <vector>

#include "tests/e2e/frame_pattern.h"
#include "tests/support/faulthandler_report.h"

namespace pyfault::test {
namespace {

bool ends_as_expected(const Expected& expected, const Ending& ending) {
  const std::string wanted = *expected("Expect");
  std::ostringstream seen;
  seen << ending;
  if (wanted.starts_with("exit ")) return seen.str() == "exited(" + wanted.substr(5) + ")";
  return expected("Process") ||
         seen.str() == "killed_by(" + wanted.substr(0, wanted.find(' ')) + ")";
}

std::vector<std::string> names_of(const PrintedThread& thread) {
  std::vector<std::string> names;
  for (const PrintedFrame& frame : thread.frames) {
    names.push_back(frame.function == "???" ? "{unknown}" : frame.function);
  }
  return names;
}

bool shows_the_frames(const std::string& pattern, const PrintedThread& thread) {
  static const std::regex mark(R"(\{(omitted|unreadable|cycle)\})");
  return matches(std::regex_replace(pattern, mark, "..."), names_of(thread), false);
}

// faulthandler does not print a crashed thread that Python does not know.
bool shows_the_threads(const Expected& expected, std::size_t printed) {
  const std::size_t unknown = expected("Frames") == "none" ? 1 : 0;
  return printed + unknown >= std::stoul(expected("Threads").value_or("0"));
}

bool shows_all(const Expected& expected, const std::vector<PrintedThread>& threads) {
  const auto pattern = expected("Frames");
  const auto right = [&](const PrintedThread& thread) {
    return thread.current && (!pattern || shows_the_frames(*pattern, thread));
  };
  if (!shows_the_threads(expected, threads.size())) return false;
  if (pattern == "none") return std::ranges::none_of(threads, &PrintedThread::current);
  const auto count = static_cast<std::size_t>(std::ranges::count_if(threads, right));
  return count >= std::stoul(expected("Crashes").value_or("1"));
}

}  // namespace

std::string mark_of_faulthandler(const Expected& expected, const Outcome& outcome) {
  if (!ends_as_expected(expected, outcome.ending)) return "other end";
  const bool crash = expected("Crashes") != "0" || !expected("Expect")->starts_with("exit ");
  if (outcome.err.find("Fatal Python error") == std::string::npos)
    return crash ? "nothing" : "pass";
  return shows_all(expected, parse_faulthandler(outcome.err)) ? "pass" : "part";
}

}  // namespace pyfault::test

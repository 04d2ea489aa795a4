#include "tests/e2e/faulthandler_comparison.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <vector>

#include "tests/support/faulthandler_report.h"

namespace pyfault::test {

using nlohmann::json;

void PrintTo(const PrintedFrame& frame, std::ostream* stream) {
  *stream << frame.file << ":" << frame.line << " " << frame.function;
}

namespace {

// faulthandler prints plain names and we report qualified ones. A plain name may itself contain
// dots.
std::string unqualified(const std::string& ours, const std::string& theirs) {
  return ours.ends_with("." + theirs) ? theirs : ours;
}

PrintedFrame printed(const json& frame) {
  return {as_faulthandler_prints(frame.at("file")),
          frame.at("line").is_number() ? std::to_string(frame.at("line").get<int>()) : "???",
          as_faulthandler_prints(frame.at("function"))};
}

// The frames from the innermost one to the first gap, with folded frames repeated.
std::vector<PrintedFrame> printed_frames(const json& thread) {
  std::vector<PrintedFrame> frames;
  for (const json& frame : thread.at("frames")) {
    if (!frame.contains("file")) break;
    frames.insert(frames.end(), frame.value("repeat", std::size_t{0}) + 1, printed(frame));
  }
  return frames;
}

void expect_the_same_frames(const json& ours, const PrintedThread& theirs) {
  auto frames = printed_frames(ours);
  if (theirs.cut() && frames.size() > theirs.frames.size()) frames.resize(theirs.frames.size());
  for (std::size_t i = 0; i < std::min(frames.size(), theirs.frames.size()); ++i) {
    frames[i].function = unqualified(frames[i].function, theirs.frames[i].function);
  }
  EXPECT_EQ(frames, theirs.frames);
}

}  // namespace

void expect_the_same_threads(const json& crash, const std::string& theirs) {
  const auto printed_threads = parse_faulthandler(theirs);
  ASSERT_FALSE(printed_threads.empty()) << "faulthandler printed no thread: " << theirs;
  const json& ours = crash.at("threads");
  // We report the crashed thread first, and the others in faulthandler's order.
  std::size_t next = 1;
  for (const PrintedThread& thread : printed_threads) {
    const std::size_t index = thread.current ? 0 : next++;
    ASSERT_LT(index, ours.size());
    SCOPED_TRACE("thread " + std::to_string(index) + " of " + crash.dump());
    expect_the_same_frames(ours[index], thread);
  }
  EXPECT_EQ(next, ours.size()) << crash.dump();
}

void expect_the_same_bytes(const std::string& report, const std::string& theirs) {
  // The report may follow other output on stderr.
  const auto begin = theirs.find("Fatal Python error");
  ASSERT_NE(begin, std::string::npos) << theirs;
  EXPECT_EQ(without_addresses(python_part(report)),
            without_addresses(python_part(theirs.substr(begin))));
}

}  // namespace pyfault::test

// Every scenario on every interpreter: what we report against what the interpreter's own
// faulthandler prints of the same death, frame by frame and byte by byte.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/e2e/cell.h"
#include "tests/e2e/faulthandler_mark.h"
#include "tests/support/faulthandler_report.h"

namespace pyfault::test {

using nlohmann::json;

void PrintTo(const PrintedFrame& frame, std::ostream* stream) {
  *stream << frame.file << ":" << frame.line << " " << frame.function;
}

namespace {

// faulthandler knows names, we report qualified names; a name may hold dots of its own.
std::string unqualified(const std::string& ours, const std::string& theirs) {
  return ours.ends_with("." + theirs) ? theirs : ours;
}

PrintedFrame printed(const json& frame) {
  return {as_faulthandler_prints(frame.at("file")),
          frame.at("line").is_number() ? std::to_string(frame.at("line").get<int>()) : "???",
          as_faulthandler_prints(frame.at("function"))};
}

// The first frames, as many as there are down to a gap.
std::vector<PrintedFrame> printed_frames(const json& thread) {
  std::vector<PrintedFrame> frames;
  for (const json& frame : thread.at("frames")) {
    if (!frame.contains("file")) break;
    frames.insert(frames.end(), frame.value("repeat", std::size_t{0}) + 1, printed(frame));
  }
  return frames;
}

void expect_same_frames(const json& ours, const PrintedThread& theirs) {
  auto frames = printed_frames(ours);
  if (theirs.cut() && frames.size() > theirs.frames.size()) frames.resize(theirs.frames.size());
  for (std::size_t i = 0; i < std::min(frames.size(), theirs.frames.size()); ++i) {
    frames[i].function = unqualified(frames[i].function, theirs.frames[i].function);
  }
  EXPECT_EQ(frames, theirs.frames);
}

class DifferentialTest : public CellTest {
 public:
  using CellTest::CellTest;

 private:
  void TestBody() override {
    const auto bare = run_under_faulthandler();
    if (bare && bare->ending == kCannotRun) GTEST_SKIP() << bare->err;
    note("Faulthandler",
         bare ? mark_of_faulthandler([this](auto& key) { return expected(key); }, *bare) : "hangs");
    const std::string comparison = expected("Faulthandler").value_or("same");
    if (comparison != "same" && comparison != "nothing") GTEST_SKIP() << comparison;
    const auto theirs = parse_faulthandler(bare->err);
    ASSERT_EQ(theirs.empty(), comparison == "nothing") << bare->err;
    if (comparison == "nothing") GTEST_SKIP() << "faulthandler prints nothing";
    compare_threads(theirs);
    compare_bytes(bare->err);
  }

  void compare_threads(const std::vector<PrintedThread>& theirs) const {
    const Watchdog watchdog(interpreter(), file("json"));
    run_watched(watchdog);
    const auto crashes = watchdog.events("crash");
    ASSERT_EQ(crashes.size(), 1U);
    const json& ours = crashes[0].at("threads");
    std::size_t next = 1;  // ours come with the crashed thread first, else in the same order
    for (const PrintedThread& thread : theirs) {
      const std::size_t index = thread.current ? 0 : next++;
      ASSERT_LT(index, ours.size());
      SCOPED_TRACE("thread " + std::to_string(index) + " of " + crashes[0].dump());
      expect_same_frames(ours[index], thread);
    }
    EXPECT_EQ(next, ours.size()) << crashes[0].dump();
  }

  void compare_bytes(const std::string& theirs) const {
    const auto watchdog = Watchdog(interpreter(), file("text")).format("faulthandler");
    run_watched(watchdog);
    // What others had to say on stderr comes before.
    const std::string report = theirs.substr(theirs.find("Fatal Python error"));
    EXPECT_EQ(without_addresses(python_part(watchdog.report())),
              without_addresses(python_part(report)));
  }
};

}  // namespace
}  // namespace pyfault::test

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  pyfault::test::register_cells<pyfault::test::DifferentialTest>("Differential");
  return RUN_ALL_TESTS();
}

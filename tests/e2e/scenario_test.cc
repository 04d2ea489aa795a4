// Runs every scenario on every interpreter under the real watchdog: the watchdog must report what
// the scenario's head says, the program must end as it does without the watchdog, and where the
// interpreter's own faulthandler can be compared with us, both must report the same.
//
// A cell runs up to four times: bare, watched, under faulthandler, and watched with a report in
// faulthandler's format. Scenarios that check other formats take one more run.
#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "tests/e2e/cell.h"
#include "tests/e2e/crash_of_head.h"
#include "tests/e2e/faulthandler_comparison.h"
#include "tests/e2e/faulthandler_mark.h"
#include "tests/support/faulthandler_report.h"
#include "tests/support/files.h"
#include "tests/support/test_matrix.h"

namespace pyfault::test {
namespace {

using nlohmann::json;

// The table of tests/e2e/matrix that shows whether we report the same as faulthandler.
constexpr char kComparison[] = "Differential";

std::string first_word(const std::string& text) {
  return text.substr(0, text.find(' '));
}

int failures() {
  const testing::TestResult& result =
      *testing::UnitTest::GetInstance()->current_test_info()->result();
  int count = 0;
  for (int i = 0; i < result.total_part_count(); ++i) count += result.GetTestPartResult(i).failed();
  return count;
}

// C0 and C1 controls, line separators, and characters that reorder or hide text. None of them may
// appear in a report, whatever its format.
bool has_raw_control(const std::string& report) {
  const auto is_control = [](char c) { return (c >= 0 && c < ' ' && c != '\n') || c == 0x7f; };
  const auto dangerous = {"\xc2\x85", "\xc2\x9b", "\u200b", "\u2028", "\u202e", "\u2066", "\u2069"};
  return std::ranges::any_of(report, is_control) ||
         std::ranges::any_of(dangerous,
                             [&](const char* c) { return report.find(c) != std::string::npos; });
}

class ScenarioTest : public CellTest {
 public:
  using CellTest::CellTest;

 private:
  void TestBody() override {
    const Outcome bare = run_bare();
    if (bare.ending == kCannotRun) {
      note(kComparison, not_applicable(bare.err));
      GTEST_SKIP() << bare.err;
    }
    note(kComparison, "fail");  // until the comparison has passed
    const Outcome watched = run_watched(watchdog_);
    SCOPED_TRACE("log: " + watchdog_.report());
    expect_the_same_end(watched, bare);
    expect_a_clean_log();
    expect_the_exit(watched.ending);
    expect_the_crashes();
    expect_the_notice();
    expect_no_forged_line();
    expect_what_faulthandler_prints();
  }

  void expect_the_same_end(const Outcome& watched, const Outcome& bare) const {
    std::ostringstream ending;
    ending << bare.ending;
    const std::string wanted = *expected("Expect");
    if (wanted.starts_with("exit ")) {
      EXPECT_EQ(ending.str(), "exited(" + wanted.substr(5) + ")");
    } else if (!in_child()) {
      EXPECT_EQ(ending.str(), "killed_by(" + signal_expected() + ")");
    }
    EXPECT_EQ(watched.ending, bare.ending);
    EXPECT_EQ(watched.out, bare.out);
    EXPECT_EQ(without_addresses(python_part(watched.err)),
              without_addresses(python_part(bare.err)));
  }

  void expect_a_clean_log() const {
    EXPECT_FALSE(has_raw_control(watchdog_.report()));
    for (const json& event : watchdog_.events()) {
      EXPECT_EQ(event.at("schema"), "pyfault/1");
      EXPECT_EQ(event.at("time").get<std::string>().size(),
                sizeof "2026-01-31T00:00:00.000000Z" - 1);
    }
  }

  void expect_no_forged_line() const {
    const auto forged = expected("Forged");
    if (!forged) return;
    for (const char* format : {"json", "text", "faulthandler"}) {
      const std::string report = report_as(format);
      EXPECT_FALSE(has_raw_control(report)) << report;
      for (const std::string& line : split_lines(report)) {
        EXPECT_FALSE(line.starts_with(*forged)) << report;
      }
    }
  }

  // If the head says that the two cannot be compared, faulthandler is run only for the table that
  // tests/e2e/matrix prints for the whole matrix.
  void expect_what_faulthandler_prints() const {
    const std::string comparison = expected("Faulthandler").value_or("same");
    const bool comparable = comparison == "same" || comparison == "nothing";
    if (comparable || matrix_is_whole()) {
      const auto outcome = run_under_faulthandler();
      note("Faulthandler", mark(outcome));
      if (comparable) compare_with_faulthandler(outcome->err, comparison);
    }
    if (comparison == "nothing") note(kComparison, "n/a: faulthandler prints nothing");
    if (!comparable) note(kComparison, not_applicable(comparison));
  }

  std::string mark(const std::optional<Outcome>& outcome) const {
    const auto head = [this](const std::string& key) { return expected(key); };
    return outcome ? mark_of_faulthandler(head, *outcome) : "hangs";
  }

  void compare_with_faulthandler(const std::string& theirs, const std::string& comparison) const {
    const int before = failures();
    if (comparison == "nothing") {
      EXPECT_TRUE(parse_faulthandler(theirs).empty()) << theirs;
      return;
    }
    const auto crashes = watchdog_.events("crash");
    ASSERT_EQ(crashes.size(), 1U);
    expect_the_same_threads(crashes[0], theirs);
    expect_the_same_bytes(report_as("faulthandler"), theirs);
    if (failures() == before) note(kComparison, "pass");
  }

  void expect_the_exit(const Ending& ending) const {
    const auto exits = watchdog_.events("exit");
    ASSERT_EQ(exits.size(), 1U);
    const json& exit = exits[0].at("exit");
    EXPECT_EQ(exit.at("code"), ending.signal == 0 ? json(ending.code) : json());
    EXPECT_EQ(exit.at("signal").is_string(), ending.signal != 0);
    const json wanted = json::parse(expected("Exit").value_or("{}"));
    for (const auto& [name, value] : wanted.items()) {
      EXPECT_EQ(exits[0].at(name), value) << name;
    }
  }

  void expect_the_notice() const {
    const auto wanted = expected("Notice");
    if (!wanted) return;
    const auto notices = watchdog_.events("notice");
    EXPECT_TRUE(std::ranges::any_of(notices,
                                    [&](const json& notice) {
                                      return notice.at("message").get<std::string>().find(
                                                 *wanted) != std::string::npos;
                                    }))
        << "nobody says: " << *wanted;
  }

  void expect_the_crashes() const {
    const auto crashes = watchdog_.events("crash");
    const std::string count = expected("Crashes").value_or("1");
    ASSERT_EQ(std::to_string(crashes.size()), count);
    const json exit = watchdog_.events("exit").at(0);
    if (crashes.empty() || in_child()) {
      EXPECT_EQ(exit.at("crash"), json());
    } else {
      EXPECT_EQ(exit.at("crash"), crashes[0].at("id"));
    }
    for (const json& crash : crashes) expect_the_crash(crash, exit);
    for (const json& below : watchdog_.events(Watchdog::kExitBelow))
      expect_the_cause(below, crashes);
  }

  // If a descendant was killed by a fatal signal, its exit event must refer to its crash.
  static void expect_the_cause(const json& below, const std::vector<json>& crashes) {
    const auto its = std::ranges::find_if(crashes, [&](const json& crash) {
      return crash.at("process").at("pid") == below.at("process").at("pid");
    });
    if (its == crashes.end() || below.at("exit").at("signal").is_null()) return;
    EXPECT_EQ(below.at("crash"), its->at("id"));
    EXPECT_EQ(below.at("exit").at("signal"), its->at("signal").at("name"));
  }

  void expect_the_crash(const json& crash, const json& exit) const {
    EXPECT_EQ(crash.at("process").at("pid") != exit.at("process").at("pid"), in_child());
    expect_as_the_head_says(crash, scenario(), interpreter());
  }

  // The log of the main run if that has this format; any other format takes a run of its own.
  std::string report_as(const std::string& format) const {
    const Watchdog watchdog = Watchdog(interpreter(), file(format)).format(format);
    if (!std::filesystem::exists(file(format))) run_watched(watchdog);
    return watchdog.report();
  }

  bool in_child() const { return expected("Process") == "child"; }

  std::string signal_expected() const { return first_word(*expected("Expect")); }

  Watchdog watchdog_{interpreter(), file("json")};
};

}  // namespace
}  // namespace pyfault::test

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  pyfault::test::register_cells<pyfault::test::ScenarioTest>("Scenario");
  return RUN_ALL_TESTS();
}

// Every scenario on every interpreter, through the real watchdog: it must see what the scenario's
// head says, and the program must end as it ends without it.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include "tests/e2e/cell.h"
#include "tests/e2e/frame_pattern.h"
#include "tests/support/faulthandler_report.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::MatchesRegex;

constexpr Version kQualifiedNames{3, 11};
constexpr Version kColumns{3, 11};

std::string stripped(const std::string& line) {
  const auto first = line.find_first_not_of(" \t");
  const auto last = line.find_last_not_of(" \t\r");
  return first == std::string::npos ? "" : line.substr(first, last - first + 1);
}

std::string first_word(const std::string& text) {
  return text.substr(0, text.find(' '));
}

// C0 and C1 controls, line separators, and what turns or hides text. None of it has a place in a
// report, in any format.
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
    if (bare.ending == kCannotRun) GTEST_SKIP() << bare.err;
    const Outcome watched = run_watched(watchdog_);
    SCOPED_TRACE("log: " + watchdog_.report());
    expect_the_same_end(watched, bare);
    expect_a_clean_log();
    expect_the_exit(watched.ending);
    expect_the_crashes();
    expect_the_notice();
    expect_no_forged_line();
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
    for (const char* format : {"text", "faulthandler", "json"}) {
      const Watchdog watchdog = Watchdog(interpreter(), file(format)).format(format);
      run_watched(watchdog);
      EXPECT_FALSE(has_raw_control(watchdog.report())) << watchdog.report();
      for (const std::string& line : split_lines(watchdog.report())) {
        EXPECT_FALSE(line.starts_with(*forged)) << watchdog.report();
      }
    }
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
  }

  void expect_the_crash(const json& crash, const json& exit) const {
    EXPECT_EQ(crash.at("process").at("pid") != exit.at("process").at("pid"), in_child());
    EXPECT_EQ(crash.at("complete"), !gap_expected()) << crash.value("incomplete_reason", "");
    EXPECT_THAT(crash.at("id").get<std::string>(), MatchesRegex("[0-9a-f]{32}"));
    expect_the_signal(crash.at("signal"));
    expect_the_last_words(crash.at("last_words"));
    expect_the_runtime(crash.at("python"));
    expect_the_threads(crash.at("threads"));
    expect_the_frames(crash.at("threads").at(0));
    expect_the_innermost_frame(crash.at("threads").at(0));
    expect_the_sources(crash.at("threads").at(0));
  }

  void expect_the_signal(const json& signal) const {
    const std::string wanted = expected("Signal").value_or(*expected("Expect"));
    EXPECT_EQ(signal.at("name"), first_word(wanted));
    if (const auto space = wanted.find(' '); space != std::string::npos) {
      EXPECT_EQ(signal.at("code_name"), wanted.substr(space + 1));
    }
    if (const auto address = expected("Address")) {
      EXPECT_EQ(signal.at("address"), *address);
    }
  }

  void expect_the_last_words(const json& words) const {
    const std::string wanted = expected("Words").value_or("");
    const auto comma = wanted.find(',');
    if (comma == std::string::npos) {
      EXPECT_EQ(words, json());
      return;
    }
    const json type_and_text = json::parse('[' + wanted.substr(comma + 1) + ']');
    EXPECT_EQ(words.at("source"), wanted.substr(0, comma));
    EXPECT_EQ(words.at("type"), type_and_text.at(0));
    const std::string text = words.at("text").is_string() ? words.at("text") : "";
    const std::string end = type_and_text.at(1).is_string() ? type_and_text.at(1) : "";
    EXPECT_TRUE(text.ends_with(end) && text.empty() == end.empty()) << text;
  }

  void expect_the_runtime(const json& python) const {
    const std::string version = python.at("version");
    EXPECT_EQ(interpreter().label.substr(0, version.size()), version);
    if (expected("Garbage")) {
      EXPECT_NE(python.at("collecting_garbage"), json(false));
    }
    if (const auto finalizing = expected("Finalizing")) {
      EXPECT_EQ(python.at("finalizing"), json::parse(*finalizing));
    }
  }

  void expect_the_threads(const json& threads) const {
    for (std::size_t i = 0; i < threads.size(); ++i) EXPECT_EQ(threads[i].at("crashed"), i == 0);
    if (const auto count = expected("Threads")) {
      EXPECT_EQ(std::to_string(threads.size()), *count);
    }
    std::set<std::string> names;
    for (const json& thread : threads) {
      if (thread.at("name").is_string()) names.insert(thread.at("name"));
    }
    std::istringstream wanted(expected("Names").value_or(""));
    for (std::string name; std::getline(wanted, name, ',');) {
      EXPECT_TRUE(names.contains(stripped(name))) << "no thread called " << name;
    }
  }

  void expect_the_frames(const json& thread) const {
    if (const auto id = expected("Interpreter")) {
      EXPECT_EQ(thread.at("interpreter"), *id == "none" ? json() : json::parse(*id));
    }
    if (const auto task = expected("Task")) {
      EXPECT_EQ(thread.at("task"), *task == "none" ? json() : json(*task));
    }
    if (const auto count = expected("Depth")) {
      EXPECT_EQ(std::to_string(depth(thread)), *count);
    }
    const auto pattern = expected("Frames");
    if (!pattern) return;
    const auto names = frame_names(thread);
    EXPECT_TRUE(matches(*pattern, names, interpreter().version >= kQualifiedNames))
        << "expected " << *pattern << "\nbut saw  " << testing::PrintToString(names);
  }

  void expect_the_innermost_frame(const json& thread) const {
    if (thread.at("frames").empty()) return;
    const json& frame = thread.at("frames").at(0);
    if (const auto file = expected("File")) {
      EXPECT_EQ(frame.at("file"), json::parse(*file));
    }
    if (const auto name = expected("Function")) {
      EXPECT_EQ(frame.at("function"), json::parse(*name));
    }
    const auto span = expected("Span");
    if (!span || interpreter().version < kColumns) return;
    EXPECT_EQ(frame.at("end_line").get<int>() - frame.at("line").get<int>() + 1, std::stoi(*span));
    EXPECT_TRUE(frame.at("column").is_number());
  }

  // Each frame in the scenario's own file shows the line that is there.
  void expect_the_sources(const json& thread) const {
    const auto lines = split_lines(read_file(scenario().program()));
    bool found = false;
    for (const json& frame : thread.at("frames")) {
      if (!frame.contains("file") || frame.at("file") != scenario().program().string()) continue;
      if (!frame.at("line").is_number()) continue;
      if (frame.at("source").is_null() && expected("Sources") == "perhaps") continue;
      const std::string source = stripped(frame.value("source", ""));
      EXPECT_EQ(source, stripped(lines.at(frame.at("line").get<std::size_t>() - 1)));
      found |= source == expected("Source");
    }
    if (const auto source = expected("Source")) {
      EXPECT_TRUE(found) << "not seen: " << *source;
    }
  }

  // In a thread's frames, which makes a record incomplete.
  bool gap_expected() const {
    const std::string frames = expected("Frames").value_or("");
    return std::ranges::any_of(
        std::array{"{unreadable}", "{cycle}", "{unknown}"},
        [&](const char* mark) { return frames.find(mark) != std::string::npos; });
  }

  bool in_child() const { return expected("Process") == "child"; }

  std::string signal_expected() const { return first_word(*expected("Expect")); }

  Watchdog watchdog_{interpreter(), file("log")};
};

}  // namespace
}  // namespace pyfault::test

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  pyfault::test::register_cells<pyfault::test::ScenarioTest>("Scenario");
  return RUN_ALL_TESTS();
}

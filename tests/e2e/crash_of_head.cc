#include "tests/e2e/crash_of_head.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include "tests/e2e/frame_pattern.h"
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

class CrashOfHead {
 public:
  CrashOfHead(const Scenario& scenario, const Interpreter& interpreter)
      : scenario_(scenario), interpreter_(interpreter) {}

  void expect_the_crash(const json& crash) const {
    EXPECT_EQ(crash.at("complete"), !gap_expected() && culprit_expected())
        << crash.value("incomplete_reason", "");
    EXPECT_THAT(crash.at("id").get<std::string>(), MatchesRegex("[0-9a-f]{32}"));
    expect_the_process(crash.at("process"));
    expect_the_signal(crash.at("signal"));
    expect_the_last_words(crash.at("last_words"));
    expect_the_runtime(crash.at("python"));
    expect_the_threads(crash.at("threads"));
    expect_the_frames(crash.at("threads").at(0));
    expect_the_innermost_frame(crash.at("threads").at(0));
    expect_the_sources(crash.at("threads").at(0));
  }

 private:
  // `command` must be that of the start, even if the program has overwritten its arguments.
  void expect_the_process(const json& process) const {
    EXPECT_TRUE(process.value("title", "").starts_with(expected("Title").value_or(""))) << process;
    EXPECT_EQ(process.contains("title"), expected("Title").has_value());
    const std::string program = scenario_.program().string();
    EXPECT_TRUE(!expected("Title") ||
                process.at("command").dump().find(program) != std::string::npos)
        << process;
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
    EXPECT_EQ(interpreter_.label.substr(0, version.size()), version);
    if (expected("Garbage")) {
      EXPECT_NE(python.at("collecting_garbage"), json(false));
    }
    if (const auto finalizing = expected("Finalizing")) {
      EXPECT_EQ(python.at("finalizing"), json::parse(*finalizing));
    }
  }

  void expect_the_threads(const json& threads) const {
    for (std::size_t i = 0; i < threads.size(); ++i) {
      EXPECT_EQ(threads[i].at("crashed"), i == 0 && culprit_expected());
    }
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
    EXPECT_TRUE(matches(*pattern, names, interpreter_.version >= kQualifiedNames))
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
    if (!span || interpreter_.version < kColumns) return;
    EXPECT_EQ(frame.at("end_line").get<int>() - frame.at("line").get<int>() + 1, std::stoi(*span));
    EXPECT_TRUE(frame.at("column").is_number());
  }

  // Every frame in the scenario's own file must show the source line that is at this place.
  void expect_the_sources(const json& thread) const {
    const auto lines = split_lines(read_file(scenario_.program()));
    bool found = false;
    for (const json& frame : thread.at("frames")) {
      if (!frame.contains("file") || !frame.at("line").is_number()) continue;
      const std::string source = stripped(frame.at("source").is_null() ? "" : frame.at("source"));
      found |= source == expected("Source");
      if (frame.at("file") != scenario_.program().string()) continue;
      if (frame.at("source").is_null() && expected("Sources") == "perhaps") continue;
      EXPECT_EQ(source, stripped(lines.at(frame.at("line").get<std::size_t>() - 1)));
    }
    if (const auto source = expected("Source")) {
      EXPECT_TRUE(found) << "not seen: " << *source;
    }
  }

  bool culprit_expected() const { return expected("Culprit") != "unknown"; }

  // Whether the crashed thread's frames have a gap, which makes a record incomplete.
  bool gap_expected() const {
    const std::string frames = expected("Frames").value_or("");
    return std::ranges::any_of(
        std::array{"{unreadable}", "{cycle}", "{unknown}"},
        [&](const char* mark) { return frames.find(mark) != std::string::npos; });
  }

  std::optional<std::string> expected(const std::string& key) const {
    return scenario_.expected(key, interpreter_.version);
  }

  const Scenario& scenario_;
  const Interpreter& interpreter_;
};

}  // namespace

void expect_as_the_head_says(const json& crash, const Scenario& scenario,
                             const Interpreter& interpreter) {
  CrashOfHead(scenario, interpreter).expect_the_crash(crash);
}

}  // namespace pyfault::test

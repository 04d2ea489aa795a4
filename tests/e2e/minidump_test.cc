// A minidump must show a debugger what the report shows, be readable by its owner alone, and be the
// only place where memory of the program is kept.
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <csignal>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/e2e/both_ways.h"
#include "tests/e2e/service_fixture.h"
#include "tests/e2e/service_workers.h"
#include "tests/support/files.h"
#include "tests/support/minidump_file.h"

namespace pyfault::test {
namespace {

namespace fs = std::filesystem;
using minidump::StreamType;
using nlohmann::json;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kDebugger[] = "/usr/bin/lldb-14";
// Frames in which a debugger must agree. Further out it may have other rules for what it cannot
// know.
constexpr std::size_t kInnermost = 8;

constexpr char kNestedCalls[] = R"(
import ctypes
def leaf():
    ctypes.memset(0, 1, 1)
def main():
    sorted([1, 2], key=lambda each: leaf())
main()
)";

// Passes a structure by value, which the C calling convention puts on the stack.
constexpr char kSecretOnStack[] = R"(
import ctypes
class Secret(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char * 64)]
@ctypes.CFUNCTYPE(None, Secret)
def leak(secret):
    ctypes.memset(0, 1, 1)
leak(Secret(b"-".join([b"marker", b"4711"])))
)";

std::uint64_t number(const json& hexadecimal) {
  const std::string text = hexadecimal.get<std::string>().substr(2);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return value;
}

// The innermost native frames that are not of inlined functions: for those, debuggers have other
// addresses.
std::vector<json> innermost(const json& thread) {
  std::vector<json> frames;
  for (const json& entry : thread.at("stack")) {
    const bool is_frame = entry.value("kind", "") == "native" && entry.at("inlined") == false;
    if (is_frame && frames.size() < kInnermost) frames.push_back(entry);
  }
  return frames;
}

std::string as_debuggers_write(const std::string& address) {
  const std::string digits = address.substr(2);
  return "0x" + std::string(16 - digits.size(), '0') + digits + ' ';
}

// The name of the function without what compilers and linkers append; empty: unknown.
std::string plain_name(const json& frame) {
  if (frame.at("function").is_null()) return "";
  const std::string name = frame.at("function");
  return name.substr(0, name.find_first_of(".@("));
}

class Minidump : public BothWays {
 protected:
  void crash(const std::string& code, const std::string& format = "json") {
    program(code);
    Launch launch = watched();
    launch.command = watchdog().format(format).native("full").command({"program.py"});
    const std::vector<std::string> options = {"--minidumps", "minidumps"};
    launch.command.insert(launch.command.begin() + 1, options.begin(), options.end());
    launch.environment["PYFAULT_TEST_SECRET"] = "environment-4711";
    outcome_ = run(std::move(launch));
  }
  json report() const { return watchdog().events("crash").at(0); }
  fs::path written() const { return report().at("minidump").get<std::string>(); }
  MinidumpFile minidump() const { return MinidumpFile(read_file(written())); }

  std::string ask_debugger(const std::string& question) const {
    return run({.command = {kDebugger, "--no-lldbinit", "--batch", "-o",
                            "target create --core " + written().string(), "-o", question}})
        .out;
  }

  const fs::path path_ = file("minidumps");
  Outcome outcome_;
};

TEST_P(Minidump, is_a_file_for_nobody_else_and_the_report_names_it) {
  crash(kNestedCalls);
  EXPECT_EQ(outcome_.ending, killed_by(SIGSEGV));
  struct stat status {};
  ASSERT_EQ(::lstat(written().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, S_IFREG | 0600);
  EXPECT_EQ(status.st_uid, ::geteuid());
  EXPECT_EQ(written().parent_path(), path_);
  EXPECT_THAT(written().filename(), StartsWith("pyfault-"));
  EXPECT_THAT(written().filename(), EndsWith(report().at("id").get<std::string>() + ".dmp"));
}

TEST_P(Minidump, holds_what_the_report_says) {
  crash(kNestedCalls);
  const MinidumpFile file = minidump();
  const auto exception = file.stream<minidump::Exception>(StreamType::kException);
  EXPECT_EQ(exception.thread, report().at("threads").at(0).at("tid"));
  EXPECT_EQ(exception.code, unsigned{SIGSEGV});
  const minidump::Context context = file.context(exception.context);
  EXPECT_EQ(context.rip, number(report().at("registers").at("rip")));
  EXPECT_EQ(context.rsp, number(report().at("registers").at("rsp")));
  std::map<std::uint64_t, std::string> paths;
  for (const auto& module : file.list<minidump::Module>(StreamType::kModuleList)) {
    paths[module.base] = file.text(module.name);
  }
  for (const json& module : report().at("modules")) {
    EXPECT_EQ(paths[number(module.at("start"))], module.at("path"));
  }
  EXPECT_THAT(file.stream_text(StreamType::kComment), HasSubstr("may hold secrets"));
}

TEST_P(Minidump, a_debugger_shows_the_same_stack) {
  if (!fs::exists(kDebugger)) GTEST_SKIP() << "lldb-14 is not installed";
  crash(kNestedCalls);
  const std::string answer = ask_debugger("bt");
  std::size_t at = 0;
  for (const json& frame : innermost(report().at("threads").at(0))) {
    at = answer.find(as_debuggers_write(frame.at("address")), at);
    ASSERT_NE(at, answer.npos) << frame << " is not in\n" << answer;
    EXPECT_THAT(answer.substr(at, answer.find('\n', at) - at), HasSubstr(plain_name(frame)));
  }
  EXPECT_THAT(answer, HasSubstr("signal SIGSEGV"));
}

TEST_P(Minidump, is_the_only_place_that_holds_memory_of_the_program) {
  crash(kSecretOnStack);
  EXPECT_THAT(read_file(written()), HasSubstr("marker-4711"));
  EXPECT_THAT(watchdog().report(), Not(HasSubstr("marker-4711")));
  EXPECT_THAT(outcome_.err, Not(HasSubstr("marker-4711")));
}

TEST_P(Minidump, does_not_hold_the_environment) {
  crash(kNestedCalls);
  EXPECT_THAT(read_file(written()), Not(HasSubstr("environment-4711")));
}

TEST_P(Minidump, that_cannot_be_written_costs_the_report_nothing) {
  write_file(path_, "a file in the place of the directory");
  crash(kNestedCalls);
  EXPECT_EQ(report().at("minidump"), json());
  EXPECT_EQ(report().at("threads").at(0).at("native").at("complete"), true);
  EXPECT_THAT(watchdog().events("notice").at(0).at("message").get<std::string>(),
              HasSubstr("its minidump was not written: '" + path_.string() + "': Not a directory"));
  EXPECT_EQ(outcome_.ending, killed_by(SIGSEGV));
}

TEST_P(Minidump, is_named_by_the_text_report_too) {
  crash(kNestedCalls, "text");
  const std::string name = fs::directory_iterator(path_)->path().string();
  EXPECT_THAT(watchdog().report(), HasSubstr("\n  minidump: " + name + "\n"));
}

class MinidumpsOfService : public ServiceTest {
 protected:
  void configure(const std::string& more = "") const {
    one_worker(kServes, "native = \"on\"\n" + std::string(kQuickRetries) + more);
  }
  // Crashes the worker for the time of this number.
  json crash(std::size_t number) {
    ::kill(await("ready", number).back().at("process").at("pid").get<int>(), SIGSEGV);
    return await("crash", number).back();
  }
};

TEST_F(MinidumpsOfService, are_written_as_soon_as_the_file_says_so) {
  configure();
  start();
  EXPECT_EQ(crash(1).at("minidump"), json());
  await("ready", 2);
  configure("[service]\nminidumps = \"" + file("minidumps").string() + "\"\n");
  reload();
  await("notice");
  EXPECT_EQ(events("exit").size(), 1U);
  const json second = crash(2);
  ASSERT_TRUE(second.at("minidump").is_string());
  EXPECT_TRUE(fs::is_regular_file(second.at("minidump").get<std::string>()));
}

INSTANTIATE_TEST_SUITE_P(E2e, Minidump, testing::ValuesIn(interpreters()), parameter_name);

}  // namespace
}  // namespace pyfault::test

// Debug information that is not installed is fetched for the crash that comes next: by the real
// debuginfod-find, from a folder that is laid out as a server is.
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/e2e/both_ways.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::EndsWith;

constexpr char kLibrary[] = R"(static void poke(int *place) { *place = 1; }
void fault(void) { poke((int *)16); }
)";
constexpr char kProgram[] = "import ctypes; ctypes.CDLL('./library.so').fault()";

class Debuginfod : public BothWays {
 protected:
  void SetUp() override {
    if (::access("/usr/bin/debuginfod-find", X_OK) != 0) {
      GTEST_SKIP() << "there is no debuginfod-find (Debian's package debuginfod)";
    }
    write_file(file("library.c"), kLibrary);
    program(kProgram);
    fs::create_directories(served().parent_path());
    do_here({"cc", "-g", "-O0", "-shared", "-fPIC", "-Wl,--build-id=0x0123456789abcdef", "-o",
             "library.so", "library.c"});
    do_here({"objcopy", "--only-keep-debug", "library.so", served()});
    do_here({"strip", "library.so"});
  }

  fs::path served() const { return file("server/buildid/0123456789abcdef/debuginfo"); }
  bool is_fetched() const {
    std::error_code missing;
    const auto size = fs::file_size(file("cache/0123456789abcdef/debuginfo"), missing);
    return !missing && size > 0;
  }
  void do_here(const std::vector<std::string>& command) const {
    const Outcome outcome = run({.command = command, .directory = file("")});
    ASSERT_EQ(outcome.ending, exited(0)) << outcome.err;
  }
  // Returns the native frame that crashed.
  json crash(const std::vector<std::string>& options) const {
    fs::remove(file("log"));
    Launch launch = watched();
    launch.command = watchdog().format("json").native("on").command({"program.py"});
    launch.command.insert(launch.command.begin() + 1, options.begin(), options.end());
    launch.environment["DEBUGINFOD_CACHE_PATH"] = file("cache");
    launch.environment["DEBUGINFOD_URLS"] = from_here_.at(1);
    run(std::move(launch));
    return watchdog().events("crash").at(0).at("threads").at(0).at("stack").at(0);
  }

  const std::vector<std::string> from_here_ = {"--debuginfod", "file://" + file("server").string()};
};

TEST_P(Debuginfod, the_next_crash_has_the_names) {
  EXPECT_EQ(crash(from_here_).at("function"), nullptr);
  while (!is_fetched()) crash(from_here_);
  const json frame = crash(from_here_);
  EXPECT_EQ(frame.at("function"), "poke");
  EXPECT_THAT(frame.at("file").get<std::string>(), EndsWith("library.c"));
  EXPECT_EQ(frame.at("line"), 1);
}

TEST_P(Debuginfod, nobody_is_asked_without_the_setting) {
  crash({});
  EXPECT_FALSE(fs::exists(file("cache")));
}

INSTANTIATE_TEST_SUITE_P(E2e, Debuginfod, testing::Values(interpreters().front()), parameter_name);

}  // namespace
}  // namespace pyfault::test

// A host program's crash handler is older than the agent's, so it gets the fault after the agent
// and sends a second signal. That is still one death: only the first signal must be reported.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/both_ways.h"
#include "tests/support/files.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::SizeIs;

class HostProgram : public BothWays {
 protected:
  // The interpreter's shared library, or an empty string if it has none.
  static std::string libpython() {
    const Outcome outcome = run({.command = {GetParam().path, "-c", R"(
import os, sysconfig
name = sysconfig.get_config_var("INSTSONAME") or ""
path = os.path.join(sysconfig.get_config_var("LIBDIR") or "", name)
print(path if ".so" in name and os.path.exists(path) else "", end="")
)"}});
    return outcome.out;
  }
};

TEST_P(HostProgram, one_death_is_one_record_and_of_the_thread_that_faulted) {
  const std::string library = libpython();
  if (library.empty()) GTEST_SKIP() << "no shared libpython of " << GetParam().path;
  program(R"(
import ctypes, threading, time
def handle_request():
    ctypes.memset(0, 1, 1)
threading.Thread(target=handle_request, name="request").start()
time.sleep(60)
)");
  const Outcome outcome =
      run({.command = watchdog().command({PYFAULT_HOST_PROGRAM, library, file("program.py")})});
  EXPECT_EQ(outcome.ending, killed_by(SIGSEGV)) << outcome.err;
  const auto crashes = watchdog().events("crash");
  ASSERT_THAT(crashes, SizeIs(1));
  EXPECT_EQ(crashes[0]["signal"]["code_name"], "SEGV_MAPERR");
  EXPECT_EQ(crashes[0]["threads"][0]["name"], "request");
  EXPECT_EQ(watchdog().events("exit").at(0)["crash"], crashes[0]["id"]);
}

INSTANTIATE_TEST_SUITE_P(E2e, HostProgram, testing::ValuesIn(interpreters()), parameter_name);

}  // namespace
}  // namespace pyfault::test

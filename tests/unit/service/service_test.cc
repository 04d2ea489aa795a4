// A whole service within this test, but for the program's start (run_service.h). It changes signal
// masks and becomes a subreaper, so each test runs it in a child of its own.
#include "watchdog/service/service.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/temp_directory.h"
#include "tests/unit/supervise/forked.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;

class ServiceInProcess : public testing::Test {
 protected:
  ServiceInProcess() {
    options_.file = folder_.path() / "service.toml";
    options_.log = folder_.path() / "log";
    ::setenv("RUNTIME_DIRECTORY", folder_.path().c_str(), 1);  // where guests find it
  }
  ~ServiceInProcess() override { ::unsetenv("RUNTIME_DIRECTORY"); }

  // The configuration: this, and no control socket.
  void configure(const std::string& text) const {
    std::ofstream(options_.file) << text << "\n[control]\nsocket = 'none'\n";
  }
  static std::string worker(const std::string& script) {
    return "[[worker]]\nname = 'w'\nrestart = 'no'\nessential = true\n"
           "command = ['/bin/sh', '-c', '" +
           script + "']\n";
  }
  int exit_code() const {
    const int status = run_forked([&] {
      Service service(options_, std::nullopt, {});
      return service.run(service.load());
    });
    return WEXITSTATUS(status);
  }

  test::TempDirectory folder_;
  ServiceOptions options_;
};

TEST_F(ServiceInProcess, ends_as_the_essential_worker_that_it_has_lost) {
  configure(worker("exit 3"));
  EXPECT_EQ(exit_code(), 3);
}

TEST_F(ServiceInProcess, a_mistake_is_told_with_its_line_before_anything_happens) {
  configure("[[worker]]\nname = 'w'\ncommand = ['true']\nrestart = 'sometimes'\n");
  EXPECT_TRUE(holds_in_fork([&] {
    const LoadedConfig loaded = Service(options_, std::nullopt, {}).load();
    return loaded.problems.size() == 1 && loaded.problems[0].line == 4;
  }));
}

TEST_F(ServiceInProcess, starts_no_worker_if_something_else_that_it_needs_is_taken) {
  const fs::path sign = folder_.path() / "started";
  boost::asio::io_context io;
  const HttpServer other(io, {}, [](std::string_view) { return HttpAnswer{}; });
  configure(worker(": > " + sign.string()) +
            "[metrics]\nlisten = '127.0.0.1:" + std::to_string(other.port()) + "'\n");
  EXPECT_TRUE(holds_in_fork([&] {
    Service service(options_, std::nullopt, {});
    try {
      service.run(service.load());
    } catch (const StartError&) {
      return true;
    }
    return false;
  }));
  EXPECT_FALSE(fs::exists(sign));
}

}  // namespace
}  // namespace pyfault

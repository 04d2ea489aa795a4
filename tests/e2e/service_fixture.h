// A service under test. Its workers are Python scripts, and its log is read while it runs.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/interpreter.h"
#include "tests/support/temp_directory.h"
#include "tests/support/watchdog.h"

namespace pyfault::test {

// An interpreter that every user may run; without a path if there is none.
Interpreter system_interpreter();

class ServiceTest : public testing::Test {
 protected:
  // Except for crashes, a service behaves the same with every interpreter, so one is enough.
  explicit ServiceTest(const Interpreter& interpreter = interpreters().front());
  ~ServiceTest() override;

  // Writes Python code to NAME.py beside the configuration.
  void script(const std::string& name, std::string_view code) const;
  // Writes the configuration. Its directory is the current one of all workers that set none.
  void config(std::string_view toml) const;
  // Configures one worker that runs worker.py, with these additional lines.
  void one_worker(std::string_view code, std::string_view settings = "") const;

  // Adds these variables to its environment; `before_exec` runs in its process.
  void start(std::map<std::string, std::string> environment = {},
             std::function<void()> before_exec = {});
  void reload() { service_->send(SIGHUP); }
  void stop() { service_->send(SIGTERM); }
  Outcome wait();
  // Runs pyfaultctl in the service's directory.
  Outcome ctl(std::vector<std::string> words, Launch launch = {}) const;

  // Waits for at least `count` events of this kind, of all workers or of one, and returns all of
  // them.
  using Events = std::vector<nlohmann::json>;
  Events await(const std::string& kind, std::size_t count = 1, const std::string& worker = "");
  Events events(const std::string& kind, const std::string& worker = "") const;
  // Waits until the file exists and returns its content.
  std::string await_file(const std::string& name) const;

  // Waits until `condition` holds. Fails the test if that takes too long.
  template <typename Condition>
  void await_that(const char* what, Condition condition) const {
    for (const auto limit = deadline(); !condition(); pause()) give_up_after(limit, what);
  }

  std::filesystem::path file(const std::string& name) const { return directory_.path() / name; }
  ChildProcess& service() { return *service_; }
  const Interpreter& interpreter() const { return interpreter_; }
  // Makes this test's directory accessible to other users, and runs the watchdog from a copy in it
  // from now on, because others may not be able to reach the build directory.
  void let_others_in();
  // Makes the service and pyfaultctl meet in this test's directory.
  std::map<std::string, std::string> environment() const {
    return {{"RUNTIME_DIRECTORY", directory_.path()}};
  }
  static bool is_alive(int pid);

 private:
  using Clock = std::chrono::steady_clock;

  static Clock::time_point deadline();
  static void pause();
  void give_up_after(Clock::time_point limit, const std::string& what) const;

  Interpreter interpreter_;
  std::filesystem::path watchdog_ = watchdog_path();
  TempDirectory directory_;
  std::unique_ptr<ChildProcess> service_;
};

}  // namespace pyfault::test

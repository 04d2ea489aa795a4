// A service under test: its workers are Python scripts, its log is read while it runs.
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

class ServiceTest : public testing::Test {
 protected:
  // What a service does is the same for every interpreter: one is enough, but for crashes.
  explicit ServiceTest(const Interpreter& interpreter = interpreters().front());
  ~ServiceTest() override;

  // Python code, in a file NAME.py beside the configuration.
  void script(const std::string& name, std::string_view code) const;
  // The configuration; its directory is the current one of all workers that name none.
  void config(std::string_view toml) const;
  // One worker that runs worker.py, with these further lines.
  void one_worker(std::string_view code, std::string_view settings = "") const;

  // With these variables, and after this in its process.
  void start(std::map<std::string, std::string> environment = {},
             std::function<void()> before_exec = {});
  void reload() { service_->send(SIGHUP); }
  void stop() { service_->send(SIGTERM); }
  Outcome wait();
  // pyfaultctl, in the service's directory.
  Outcome ctl(std::vector<std::string> words, Launch launch = {}) const;

  // The events of a kind, of all workers or of one, when there are `count` of them at least.
  using Events = std::vector<nlohmann::json>;
  Events await(const std::string& kind, std::size_t count = 1, const std::string& worker = "");
  Events events(const std::string& kind, const std::string& worker = "") const;
  // Until the file is there, with its content.
  std::string await_file(const std::string& name) const;

  // Until `condition` holds; fails the test when it does not for too long.
  template <typename Condition>
  void await_that(const char* what, Condition condition) const {
    for (const auto limit = deadline(); !condition(); pause()) give_up_after(limit, what);
  }

  std::filesystem::path file(const std::string& name) const { return directory_.path() / name; }
  ChildProcess& service() { return *service_; }
  const Interpreter& interpreter() const { return interpreter_; }
  // From now on the watchdog is a copy that other users can reach too, which its build may be
  // hidden from; and so is this test's directory.
  void let_others_in();
  // Where services and pyfaultctl meet: a place of this test's own.
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

#include "tests/e2e/door_fixture.h"

#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "tests/support/files.h"

namespace pyfault::test {

Launch Door::with_package(Launch launch) const {
  launch.environment["PYTHONPATH"] = agent_path().parent_path().parent_path() / "python";
  launch.environment["PYFAULT_LOG"] = file("log");
  launch.environment["PYFAULT_LOG_FORMAT"] = "json";
  return launch;
}

Launch Door::python(std::vector<std::string> words) const {
  words.insert(words.begin(), GetParam().path);
  Launch launch = with_package(bare());
  launch.command = std::move(words);
  return launch;
}

std::vector<nlohmann::json> Door::await(const std::string& kind) const {
  await_event([&](const nlohmann::json& event) { return event["event"] == kind; });
  return watchdog().events(kind);
}

void Door::await_event(const std::function<bool(const nlohmann::json&)>& is_wanted) const {
  constexpr std::chrono::milliseconds kPause{20};
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    if (std::ranges::any_of(watchdog().events(), is_wanted)) return;
    std::this_thread::sleep_for(kPause);
  }
  throw std::runtime_error("the log has no such event:\n" + read_file(file("log")));
}

std::vector<nlohmann::json> Door::crashes_until_the_end() const {
  await_event([](const nlohmann::json& event) {
    const bool is_program = !event.contains("parents") || event["process"]["ppid"] == ::getpid();
    return event["event"] == "exit" && is_program;
  });
  return watchdog().events("crash");
}

}  // namespace pyfault::test

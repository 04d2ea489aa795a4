#include "tests/e2e/service_fixture.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "tests/support/files.h"

namespace pyfault::test {

using nlohmann::json;

Interpreter system_interpreter() {
  const auto& all = interpreters();
  const auto found = std::ranges::find_if(
      all, [](const Interpreter& each) { return each.path.string().starts_with("/usr/"); });
  return found == all.end() ? Interpreter{} : *found;
}

ServiceTest::ServiceTest(const Interpreter& interpreter) : interpreter_(interpreter) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // so that orphans of a killed service become our children
}

// Even after a failed test, neither the service nor its workers may be left behind. All of them are
// our descendants, and become our children one after the other.
ServiceTest::~ServiceTest() {
  service_.reset();
  const std::string children = "/proc/self/task/" + std::to_string(::gettid()) + "/children";
  for (std::string pids = read_file(children); !pids.empty(); pids = read_file(children)) {
    const int pid = std::stoi(pids);
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
}

void ServiceTest::script(const std::string& name, std::string_view code) const {
  write_file(file(name + ".py"), code);
}

// Without native stacks, as in Watchdog::native(), unless the configuration says otherwise.
void ServiceTest::config(std::string_view toml) const {
  constexpr std::string_view kDefaults = "[defaults]\n";
  constexpr std::string_view kOff = "native = \"off\"\n";
  std::string text(toml);
  const std::size_t at = text.find(kDefaults);
  const bool is_said = text.find("native =") != text.npos;
  if (at != text.npos && !is_said) text.insert(at + kDefaults.size(), kOff);
  if (at == text.npos && !is_said) text.append("\n").append(kDefaults).append(kOff);
  write_file(file("service.toml"), text);
}

void ServiceTest::one_worker(std::string_view code, std::string_view settings) const {
  script("worker", code);
  config("[[worker]]\nname = \"web\"\ncommand = [\"worker.py\"]\n" + std::string(settings));
}

void ServiceTest::start(std::map<std::string, std::string> environment,
                        std::function<void()> before_exec) {
  environment.merge(this->environment());
  service_ = std::make_unique<ChildProcess>(
      Launch{.command = {watchdog_, "--config", "service.toml", "--log", "log", "--log-format",
                         "json", "--python", interpreter_.path},
             .environment = std::move(environment),
             .directory = directory_.path(),
             .before_exec = std::move(before_exec)});
}

void ServiceTest::let_others_in() {
  ::umask(022);
  std::filesystem::permissions(file(""), std::filesystem::perms(0777));
  watchdog_ = install_copy(file(""));
}

Outcome ServiceTest::ctl(std::vector<std::string> words, Launch launch) const {
  words.insert(words.begin(), ctl_path());
  launch.command = std::move(words);
  launch.environment.merge(environment());
  launch.directory = directory_.path();
  return run(std::move(launch));
}

Outcome ServiceTest::wait() {
  return service_->wait();
}

ServiceTest::Events ServiceTest::events(const std::string& kind, const std::string& worker) const {
  Events all = Watchdog(interpreter_, file("log")).events(kind);
  std::erase_if(all,
                [&](const json& event) { return !worker.empty() && event.at("worker") != worker; });
  return all;
}

ServiceTest::Events ServiceTest::await(const std::string& kind, std::size_t count,
                                       const std::string& worker) {
  Events seen;
  await_that(("event " + kind).c_str(), [&] {
    seen = events(kind, worker);
    return seen.size() >= count;
  });
  return seen;
}

std::string ServiceTest::await_file(const std::string& name) const {
  std::string content;
  await_that(("file " + name).c_str(), [&] {
    if (std::filesystem::exists(file(name))) content = read_file(file(name));
    return content.ends_with('\n');
  });
  return content;
}

bool ServiceTest::is_alive(int pid) {
  if (::kill(pid, 0) != 0) return false;
  const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  return stat.substr(stat.rfind(')') + 2, 1) != "Z";
}

ServiceTest::Clock::time_point ServiceTest::deadline() {
  return Clock::now() + std::chrono::seconds(300);
}

void ServiceTest::pause() {
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

void ServiceTest::give_up_after(Clock::time_point limit, const std::string& what) const {
  if (Clock::now() < limit) return;
  std::string seen = "waited too long for " + what + "; the files of the test:";
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
    constexpr std::uintmax_t kMostShown = 64 * 1024;
    seen += "\n--- " + entry.path().filename().string() + "\n";
    const bool is_text = entry.is_regular_file() && entry.file_size() <= kMostShown;
    if (is_text) seen += read_file(entry.path());
  }
  throw std::runtime_error(seen);
}

}  // namespace pyfault::test

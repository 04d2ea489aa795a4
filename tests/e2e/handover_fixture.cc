#include "tests/e2e/handover_fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <utility>

namespace pyfault::test {
namespace {

// Runs in the child that becomes the watchdog: moves the stored descriptors to the numbers from 3
// on, and lowers the descriptor limit so that hardly any others can be opened.
void pass_on(const std::vector<NamedFd>& kept, int more) {
  constexpr rlim_t kToLoadLibraries = 2;
  const int out_of_the_way = 3 + static_cast<int>(kept.size());
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &raised);
  std::vector<int> moved;
  for (const NamedFd& each : kept) moved.push_back(::fcntl(each.fd.get(), F_DUPFD, out_of_the_way));
  int next = 3;
  for (const int fd : moved) {
    ::dup2(fd, next++);
    ::close(fd);
  }
  for (int i = 0; i < more; ++i) ::dup2(STDIN_FILENO, next++);
  limit.rlim_cur = std::min(limit.rlim_max, static_cast<rlim_t>(next) + kToLoadLibraries);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::setenv("LISTEN_FDS", std::to_string(next - 3).c_str(), 1);
  ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
}

}  // namespace

const std::vector<NamedFd>& Store::descriptors() {
  const std::lock_guard lock(mutex_);
  while (take()) continue;
  return descriptors_;
}

// Keeps reading, because the manager's socket holds only a few messages.
void Store::listen(const std::stop_token& stop) {
  constexpr int kMilliseconds = 10;
  while (!stop.stop_requested()) {
    pollfd one{manager_.socket(), POLLIN, 0};
    if (::poll(&one, 1, kMilliseconds) != 1) continue;
    const std::lock_guard lock(mutex_);
    take();
  }
}

bool Store::take() {
  auto message = manager_.next();
  if (!message) return false;
  constexpr std::string_view kName = "FDNAME=";
  const std::size_t at = message->text.find(kName);
  if (at == message->text.npos) return true;
  const std::string name = message->text.substr(at + kName.size());
  if (message->text.starts_with("FDSTOREREMOVE=1")) {
    std::erase_if(descriptors_, [&](const NamedFd& each) { return each.name == name; });
  }
  for (UniqueFd& fd : message->descriptors) descriptors_.push_back({name, std::move(fd)});
  return true;
}

void HandoverFixture::kill_watchdog() {
  ::kill(service().pid(), SIGKILL);
  service().wait();
}

void HandoverFixture::start_another(int more, std::map<std::string, std::string> environment) {
  const auto& kept = store_.descriptors();
  std::string names;
  for (const NamedFd& each : kept) names += (names.empty() ? "" : ":") + each.name;
  const auto worker = std::ranges::find_if(
      kept, [](const NamedFd& each) { return each.name.find('/') != each.name.npos; });
  const std::string prefix = worker->name.substr(0, worker->name.rfind('/'));
  for (int i = 0; i < more; ++i) names += ":" + prefix + "/session." + std::to_string(10'000 + i);
  environment.insert({{"NOTIFY_SOCKET", store_.address()}, {"LISTEN_FDNAMES", names}});
  start(std::move(environment), [&kept, more] { pass_on(kept, more); });
}

}  // namespace pyfault::test

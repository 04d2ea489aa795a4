#include "watchdog/os/listen_fds.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace pyfault {
namespace {

constexpr int kFirst = 3;

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

int number(std::string_view text) {
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size() ? value : 0;
}

std::string next_name(std::string_view& names) {
  const std::size_t end = std::min(names.find(':'), names.size());
  std::string name(names.substr(0, end));
  names.remove_prefix(std::min(end + 1, names.size()));
  return name;
}

}  // namespace

std::vector<NamedFd> take_listen_fds() {
  std::vector<NamedFd> taken;
  if (number(variable("LISTEN_PID")) != ::getpid()) return taken;
  const int count = number(variable("LISTEN_FDS"));
  std::string_view names = variable("LISTEN_FDNAMES");
  for (int fd = kFirst; fd - kFirst < count; ++fd) {
    std::string name = next_name(names);
    // More may be promised than there are.
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) continue;
    taken.push_back({std::move(name), UniqueFd(fd)});
  }
  ::unsetenv("LISTEN_PID");
  return taken;
}

}  // namespace pyfault

#include "watchdog/os/listen_fds.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "watchdog/os/environment.h"
#include "watchdog/os/proc_text.h"

namespace pyfault {
namespace {

constexpr int kFirst = 3;

int number_in(const char* name) {
  std::string_view text = environment_variable(name);
  return take_number<int>(text).value_or(0);
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
  if (number_in("LISTEN_PID") != ::getpid()) return taken;
  const int count = number_in("LISTEN_FDS");
  std::string_view names = environment_variable("LISTEN_FDNAMES");
  for (int fd = kFirst; fd - kFirst < count; ++fd) {
    std::string name = next_name(names);
    // LISTEN_FDS may promise more descriptors than there are.
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) continue;
    taken.push_back({std::move(name), UniqueFd(fd)});
  }
  ::unsetenv("LISTEN_PID");
  return taken;
}

}  // namespace pyfault

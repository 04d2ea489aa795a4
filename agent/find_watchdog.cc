#include "agent/find_watchdog.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "agent/in_signal/system_calls.h"

namespace pyfault {
namespace {

static_assert(sizeof(ProcessClaims::name) == 16, "as many as the kernel writes");

// "NAME.50.6.15": signal 50 requests dumps, and dumps are made before the program's handlers of
// signals 6 and 15 run. The first counts as 0 unless it is a real-time signal. If no others are
// listed, SIGABRT is; "NAME.50.0" means none.
void read_dump_signals(WatchdogLink& link) {
  const char* slash = std::strrchr(link.address, '/');
  const char* rest = std::strchr(slash == nullptr ? link.address : slash, '.');
  link.dump_before = signal_bit(SIGABRT);
  for (int index = 0; rest != nullptr && *rest == '.'; ++index) {
    char* end = nullptr;
    const long signal = std::strtol(rest + 1, &end, 10);
    if (end == rest + 1 || (*end != '.' && *end != '\0')) return;
    if (index == 0) {
      const bool is_one = signal >= SIGRTMIN && signal <= SIGRTMAX;
      link.dump_signal = is_one ? static_cast<int>(signal) : 0;
    } else {
      if (index == 1) link.dump_before = 0;
      if (signal > 0 && signal < SIGRTMIN) link.dump_before |= signal_bit(static_cast<int>(signal));
    }
    rest = end;
  }
}

// The pipe lies beside the socket file. The path stays empty unless the address names a file and
// the pipe is visible and belongs to root or to the process's own user.
void find_wake_pipe(WatchdogLink& link) {
  const char* file = link.address[0] == '@' ? link.address + 1 : link.address;
  const std::size_t length = std::strlen(file);
  static_assert(sizeof link.wake_pipe >= sizeof link.address + sizeof kWakePipeSuffix);
  std::memcpy(link.wake_pipe, file, length);
  std::memcpy(link.wake_pipe + length, kWakePipeSuffix, sizeof kWakePipeSuffix);
  struct stat status;
  if (file[0] == '/' && sys_lstat(link.wake_pipe, &status) == 0 && S_ISFIFO(status.st_mode) &&
      (status.st_uid == 0 || status.st_uid == geteuid())) {
    link.wake_pipe_device = status.st_dev;
    link.wake_pipe_inode = status.st_ino;
  } else {
    link.wake_pipe[0] = '\0';
  }
}

void copy_command(int argc, const char* const* argv, ProcessClaims& claims) {
  std::size_t used = 0;
  for (int index = 0; index < argc && argv[index] != nullptr; ++index) {
    const std::size_t size = std::strlen(argv[index]) + 1;
    const std::size_t room = sizeof claims.command - used;
    const std::size_t taken = size < room ? size : room;
    std::memcpy(claims.command + used, argv[index], taken);
    used += taken;
    if (used == sizeof claims.command) break;
  }
  claims.command[sizeof claims.command - 1] = '\0';
}

void describe_process(int argc, const char* const* argv, ProcessClaims& claims) {
  prctl(PR_GET_NAME, claims.name);
  const ssize_t size = readlink("/proc/self/exe", claims.executable, sizeof claims.executable - 1);
  if (size < 0) claims.executable[0] = '\0';
  copy_command(argc, argv, claims);
}

}  // namespace

bool find_watchdog(const char* address, int argc, const char* const* argv, WatchdogLink& link) {
  if (address == nullptr) address = std::getenv(kSocketVariable);
  const std::size_t length = address == nullptr ? 0 : std::strlen(address);
  if (length == 0 || length >= sizeof link.address) return false;
  std::memcpy(link.address, address, length + 1);
  read_dump_signals(link);
  find_wake_pipe(link);
  describe_process(argc, argv, link.hello.claims);
  return true;
}

}  // namespace pyfault

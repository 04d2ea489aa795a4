// Enters the sandbox and does what its argument says. Exits with 0 if that worked, with 1 if it was
// refused, and with 2 if there is no sandbox.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "watchdog/symbolizer/sandbox.h"

namespace {

void* map_memory(int protection) {
  return ::mmap(nullptr, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

// The watcher has time to look.
bool stay() {
  if (::write(STDOUT_FILENO, "here", 4) != 4) return false;
  for (volatile int forever = 1; forever != 0;) continue;
  return true;
}

}  // namespace

int main(int, char** argv) {
  const int before = ::open("/dev/null", O_RDONLY);
  const pid_t parent = ::getppid();
  const std::map<std::string, std::function<bool()>> deeds = {
      {"nothing", [] { return true; }},
      {"allocate", [] { return ::malloc(std::size_t{64} << 20) != nullptr; }},
      {"answer", [] { return ::write(STDOUT_FILENO, "said", 4) == 4; }},
      {"abort", []() -> bool { std::abort(); }},
      {"open", [] { return ::open("/etc/passwd", O_RDONLY) >= 0; }},
      {"stat", [] { return ::access("/etc/passwd", F_OK) == 0; }},
      {"socket", [] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0; }},
      {"write elsewhere", [] { return ::write(STDERR_FILENO, "said", 4) == 4; }},
      {"use what was open",
       [=] {
         struct stat file;
         return ::fstat(before, &file) == 0;
       }},
      {"map code", [] { return map_memory(PROT_READ | PROT_EXEC) != MAP_FAILED; }},
      {"make code", [] { return ::mprotect(map_memory(PROT_READ), 4096, PROT_EXEC) == 0; }},
      {"take 3 GiB", [] { return ::malloc(std::size_t{3} << 30) != nullptr; }},
      {"fork", [] { return ::fork() >= 0; }},
      {"execute", [] { return ::execl("/bin/true", "true", nullptr) == 0; }},
      {"kill", [=] { return ::kill(parent, 0) == 0; }},
      {"trace", [=] { return ::syscall(SYS_ptrace, 16, parent, 0, 0) == 0; }},
      {"be looked at", [] { return ::prctl(PR_SET_DUMPABLE, 1) == 0; }},
      {"stay", stay},
  };
  if (pyfault::enter_sandbox()) return 2;
  ::_exit(deeds.at(argv[1])() ? 0 : 1);
}

#include "agent/adopt_threads.h"

#include <dirent.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "agent/hooks/pthread_create.h"
#include "agent/in_signal/system_calls.h"
#include "agent/signal_stack.h"

namespace pyfault {
namespace {

std::atomic<int> answers{0};

// The kernel sets the alternate stack that the context names when the handler returns. Mapping is
// one system call, and may be done in a handler.
void on_adoption(int, siginfo_t*, void* context) {
  const int error = errno;
  stack_t& current = static_cast<ucontext_t*>(context)->uc_stack;
  const bool has_one = (current.ss_flags & SS_DISABLE) == 0;
  const SignalStack stack = has_one ? SignalStack() : map_signal_stack(signal_stack_size());
  if (stack.lowest != nullptr) current = {stack.lowest, 0, stack.size};
  if (has_one || stack.lowest != nullptr) count_signal_stack();
  answers.fetch_add(1);
  errno = error;
}

// Returns a real-time signal that is at its default, after installing the handler; 0 if there is
// none.
int take_signal(KernelSigaction& before) {
  const KernelSigaction adoption =
      make_action(&on_adoption, SA_SIGINFO | SA_RESTART, ~KernelSignalSet{0});
  for (int signal = SIGRTMAX; signal >= SIGRTMIN; --signal) {
    if (sys_rt_sigaction(signal, nullptr, &before) == 0 && before.handler == nullptr &&
        sys_rt_sigaction(signal, &adoption, nullptr) == 0) {
      return signal;
    }
  }
  return 0;
}

bool blocks(long tid, int signal) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%ld/status", tid);
  std::FILE* file = std::fopen(path, "re");
  if (file == nullptr) return true;
  constexpr char kBlocked[] = "SigBlk:";
  bool found = true;
  for (char line[256]; std::fgets(line, sizeof line, file) != nullptr;) {
    if (std::strncmp(line, kBlocked, sizeof kBlocked - 1) != 0) continue;
    found = (std::strtoull(line + sizeof kBlocked - 1, nullptr, 16) & signal_bit(signal)) != 0;
  }
  std::fclose(file);
  return found;
}

// Returns how many threads will answer.
int ask_threads(int signal) {
  DIR* tasks = opendir("/proc/self/task");
  if (tasks == nullptr) return 0;
  const long self = syscall(SYS_gettid);
  int asked = 0;
  while (const dirent* task = readdir(tasks)) {
    const long tid = std::strtol(task->d_name, nullptr, 10);
    if (tid <= 0 || tid == self || blocks(tid, signal)) continue;
    if (syscall(SYS_tgkill, getpid(), tid, signal) == 0) ++asked;
  }
  closedir(tasks);
  return asked;
}

bool wait_for_answers(int asked) {
  constexpr timespec kPause{0, 1'000'000};
  for (int waited_ms = 0; waited_ms < 250 && answers.load() < asked; ++waited_ms) {
    nanosleep(&kPause, nullptr);
  }
  return answers.load() >= asked;
}

}  // namespace

// The handler stays if a signal is still on its way: at its default it would end the process.
void adopt_threads() {
  KernelSigaction before{};
  const int signal = take_signal(before);
  if (signal != 0 && wait_for_answers(ask_threads(signal))) {
    sys_rt_sigaction(signal, &before, nullptr);
  }
}

}  // namespace pyfault

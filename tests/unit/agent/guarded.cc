#include "tests/unit/agent/guarded.h"

#include <signal.h>
#include <sys/ucontext.h>

#include "agent/arch/processor.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/signal_actions.h"

namespace pyfault::test {
namespace {

KernelSigaction before[2];
constexpr int kSignals[] = {SIGSEGV, SIGBUS};

void resume(int signal, siginfo_t*, void* context) {
  mcontext_t& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
  const auto fixup = guarded_copy_fixup(program_counter(registers_of(machine)));
  if (fixup != 0) {
    set_program_counter(machine, fixup);
  } else {
    const KernelSigaction none{};  // not a fault of guarded_copy(): let the retry kill us
    sys_rt_sigaction(signal, &none, nullptr);
  }
}

}  // namespace

Guarded::Guarded() {
  for (int index = 0; index < 2; ++index) {
    struct sigaction action {};
    action.sa_sigaction = &resume;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    sys_rt_sigaction(kSignals[index], nullptr, &before[index]);
    sigaction(kSignals[index], &action, nullptr);
  }
}

Guarded::~Guarded() {
  for (int index = 0; index < 2; ++index) {
    sys_rt_sigaction(kSignals[index], &before[index], nullptr);
  }
}

}  // namespace pyfault::test

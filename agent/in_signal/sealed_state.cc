#include "agent/in_signal/sealed_state.h"

#include <sys/mman.h>

#include "agent/in_signal/system_calls.h"

namespace pyfault {

constinit SealedState sealed_state{};

void seal_state() {
  system_call(SYS_mprotect, as_argument(&sealed_state), sizeof sealed_state, PROT_READ);
}

}  // namespace pyfault

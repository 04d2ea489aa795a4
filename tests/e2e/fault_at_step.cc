// Linked into an agent for tests, which dies in the handler after a given number of sections has
// been committed. PYFAULT_FAULT_AT=N faults instead of making commit N + 1, PYFAULT_KILL_AT=N sends
// SIGKILL there, and PYFAULT_MALLOC_AT=N calls malloc(). The linker's --wrap option redirects the
// calls to this file.
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "shared/ring_writer.h"

namespace {

int fault_at = -1;
int kill_at = -1;
int malloc_at = -1;
void* volatile allocated = nullptr;
int committed = 0;

[[gnu::constructor]] void read_environment() {
  if (const char* step = std::getenv("PYFAULT_FAULT_AT")) fault_at = std::atoi(step);
  if (const char* step = std::getenv("PYFAULT_KILL_AT")) kill_at = std::atoi(step);
  if (const char* step = std::getenv("PYFAULT_MALLOC_AT")) malloc_at = std::atoi(step);
}

void die_if_due() {
  if (committed == kill_at) kill(getpid(), SIGKILL);
  if (committed == fault_at) __builtin_trap();
  if (committed == malloc_at) allocated = std::malloc(1);
  ++committed;
}

}  // namespace

extern "C" {
// The mangled names of pyfault::SlotWriter::commit() and append_end().
void __real__ZN7pyfault10SlotWriter6commitEv(pyfault::SlotWriter*);
void __real__ZN7pyfault10SlotWriter10append_endERKNS_10EndSectionE(pyfault::SlotWriter*,
                                                                   const pyfault::EndSection&);

void __wrap__ZN7pyfault10SlotWriter6commitEv(pyfault::SlotWriter* slot) {
  die_if_due();
  __real__ZN7pyfault10SlotWriter6commitEv(slot);
}

void __wrap__ZN7pyfault10SlotWriter10append_endERKNS_10EndSectionE(pyfault::SlotWriter* slot,
                                                                   const pyfault::EndSection& end) {
  die_if_due();
  __real__ZN7pyfault10SlotWriter10append_endERKNS_10EndSectionE(slot, end);
}
}

#include "agent/hooks/faulthandler.h"

#include <link.h>

#include <atomic>
#include <cstddef>

namespace pyfault {
namespace {

// The interpreter's code. The end is 0 as long as it is not known.
constinit std::atomic<std::uintptr_t> code_begin{0};
constinit std::atomic<std::uintptr_t> code_end{0};

bool is_in(const dl_phdr_info& info, const ElfW(Phdr) & segment, std::uintptr_t address) {
  return segment.p_type == PT_LOAD && address - info.dlpi_addr - segment.p_vaddr < segment.p_memsz;
}

int find_code(dl_phdr_info* info, std::size_t, void* data) {
  const auto runtime = *static_cast<const std::uintptr_t*>(data);
  const ElfW(Phdr)* const end = info->dlpi_phdr + info->dlpi_phnum;
  const ElfW(Phdr)* segment = info->dlpi_phdr;
  while (segment != end && !is_in(*info, *segment, runtime)) ++segment;
  if (segment == end) return 0;
  for (segment = info->dlpi_phdr; segment != end; ++segment) {
    if (segment->p_type != PT_LOAD || (segment->p_flags & PF_X) == 0) continue;
    const std::uintptr_t begin = info->dlpi_addr + segment->p_vaddr;
    code_begin.store(begin);
    code_end.store(begin + segment->p_memsz);
  }
  return 1;
}

}  // namespace

void know_faulthandler(std::uintptr_t runtime) {
  if (code_end.load() == 0) dl_iterate_phdr(&find_code, &runtime);
}

// The handler of the module signal, which lies in the interpreter too, blocks its own signal.
bool is_faulthandlers(int signal, const struct sigaction& action) {
  const auto handler = reinterpret_cast<std::uintptr_t>(action.sa_sigaction);
  const std::uintptr_t begin = code_begin.load();
  if (handler < begin || handler >= code_end.load()) return false;
  bool handled = false;
  for (const int each : kFaulthandlersSignals) handled = handled || each == signal;
  return handled && (action.sa_flags & SA_NODEFER) != 0;
}

}  // namespace pyfault

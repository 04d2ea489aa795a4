// What pyfault.h offers to programs that want exceptions instead of their death.
#include "agent/in_signal/guard.h"

#include <dlfcn.h>

#include <cstddef>
#include <cstring>

#include "agent/arch/instructions.h"
#include "agent/arch/processor.h"
#include "agent/cpython/find_python.h"
#include "agent/find_symbol.h"
#include "agent/in_signal/crash_handler.h"
#include "agent/in_signal/sealed_state.h"
#include "agent/pyfault.h"

namespace pyfault {
namespace {

pyfault_landing landing_of_program = nullptr;

void spell(const ReportId& id, char (&digits)[33]) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::byte bytes[sizeof id.words];
  std::memcpy(bytes, id.words, sizeof bytes);
  bool is_known = false;
  for (std::size_t index = 0; index < sizeof bytes; ++index) {
    const auto byte = std::to_integer<unsigned>(bytes[index]);
    is_known |= byte != 0;
    digits[2 * index] = kDigits[byte >> 4];
    digits[2 * index + 1] = kDigits[byte & 15];
  }
  digits[is_known ? 32 : 0] = '\0';
}

// The watchdog is told once the landing has taken the GIL, as others must not write meanwhile.
void* land_in_program(const CaughtFault& caught) {
  pyfault_fault fault{caught.signal, caught.has_address ? 1 : 0, caught.address,
                      reinterpret_cast<void*>(caught.thread_state), ""};
  spell(caught.report, fault.report_id);
  void* result = landing_of_program(&fault);
  if (ContextWriter* writer = context_writer()) writer->taint();
  return result;
}

// Returns the address of a function of the C library or of what stands in its place; 0: there is
// none. In a program that is not position-independent, that of its own stub may be known instead.
std::uintptr_t find_function(const char* name) {
  const auto found = reinterpret_cast<std::uintptr_t>(find_symbol(RTLD_DEFAULT, name));
  if (found == 0 || !sealed_state.agent.python.program.has(found)) return found;
  std::uint8_t code[kJumpSlotBytes];
  std::memcpy(code, reinterpret_cast<const void*>(found), sizeof code);
  const std::uintptr_t slot = jump_slot(code, found);
  return slot == 0 ? found : *reinterpret_cast<const std::uintptr_t*>(slot);
}

// Functions of the C library's allocator, or of one that was loaded in its place. The latter may
// leave its own functions by jumps, so all of its code counts.
void find_allocator() {
  constexpr const char* kFunctions[] = {
      "malloc", "free",          "calloc",         "realloc", "reallocarray", "memalign",
      "valloc", "aligned_alloc", "posix_memalign", "pvalloc", "malloc_trim",  "malloc_usable_size"};
  for (const char* name : kFunctions) {
    const std::uintptr_t function = find_function(name);
    if (function != 0) add_allocator(function);
  }
  const std::uintptr_t own = find_function("malloc");
  if (!sealed_state.agent.python.libc.has(own)) set_allocator_module(text_around(own));
}

void prepare_once() {
  static bool is_prepared = false;
  if (is_prepared) return;
  is_prepared = true;
  find_allocator();
}

// Returns null if the version does not count calls of C functions.
int* call_depth_of(void* thread_state) {
  const std::uint16_t offset = sealed_state.agent.python.layout.thread.call_depth;
  if (offset == kAbsent) return nullptr;
  return reinterpret_cast<int*>(static_cast<std::byte*>(thread_state) + offset);
}

}  // namespace
}  // namespace pyfault

extern "C" [[gnu::visibility("default")]] int pyfault_guard_enter(pyfault_guard* guard,
                                                                  void* thread_state,
                                                                  pyfault_landing landing) {
  if (!pyfault::sealed_state.armed) return -1;
  pyfault::prepare_once();
  pyfault::landing_of_program = landing;
  const int* depth = pyfault::call_depth_of(thread_state);
  *guard = {thread_state, pyfault::faults_of_thread(), depth != nullptr ? *depth : 0};
  pyfault::open_guard(&pyfault::land_in_program);
  return 0;
}

// C functions that were cut off have not given back the levels of recursion that they took.
extern "C" [[gnu::visibility("default")]] void pyfault_guard_leave(const pyfault_guard* guard) {
  pyfault::close_guard();
  int* depth = pyfault::call_depth_of(guard->thread_state);
  if (depth != nullptr && pyfault::faults_of_thread() != guard->faults) *depth = guard->call_depth;
}

extern "C" [[gnu::visibility("default")]] void pyfault_guard_allocator(void* function) {
  pyfault::add_allocator(reinterpret_cast<std::uintptr_t>(function));
}

extern "C" [[gnu::visibility("default")]] void pyfault_guard_collector(void* outermost) {
  if (!pyfault::sealed_state.armed) return;
  pyfault::Registers registers{};
  pyfault::save_registers(registers);
  pyfault::learn_collector(pyfault::sealed_state.agent.python, registers,
                           reinterpret_cast<std::uintptr_t>(outermost));
}

extern "C" [[gnu::visibility("default")]] unsigned pyfault_guard_faults() {
  return pyfault::faults_of_process();
}

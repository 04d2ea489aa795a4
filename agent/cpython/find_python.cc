#include "agent/cpython/find_python.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "agent/arch/processor.h"
#include "agent/cpython/versions.h"
#include "agent/find_symbol.h"

namespace pyfault {
namespace {

std::uintptr_t address_of(void* scope, const char* symbol) {
  return reinterpret_cast<std::uintptr_t>(find_symbol(scope, symbol));
}

// "3.10.13 (main, ...)" -> 0x030a0df0. Pre-releases count as final; only Py_Version, which the
// versions that need this function lack, tells them apart.
std::uint32_t parse_version(const char* text) {
  std::uint32_t version = 0;
  for (int part = 0; part < 3; ++part) {
    char* end = nullptr;
    version = version << 8 | static_cast<std::uint32_t>(std::strtoul(text, &end, 10) & 0xff);
    text = *end == '.' ? end + 1 : end;
  }
  return version << 8 | 0xf0;
}

std::uint32_t version_of(void* scope) {
  if (const std::uintptr_t version = address_of(scope, "Py_Version")) {
    return static_cast<std::uint32_t>(*reinterpret_cast<const unsigned long*>(version));
  }
  const std::uintptr_t function = address_of(scope, "Py_GetVersion");
  if (function == 0) return 0;
  return parse_version(reinterpret_cast<const char* (*)()>(function)());
}

// Returns the offset at which glibc keeps the native id in struct pthread; kAbsent if it does not
// hold this thread's id there.
std::uint16_t find_pthread_tid() {
  std::int32_t tid = 0;
  std::memcpy(&tid, reinterpret_cast<const std::byte*>(pthread_self()) + kPthreadTid, sizeof tid);
  return tid == syscall(SYS_gettid) ? kPthreadTid : kAbsent;
}

struct TextSearch {
  std::uintptr_t address;  // lies in the wanted module
  Text found;
};

// A callback for dl_iterate_phdr(), which stops when it returns 1.
int look_at_module(dl_phdr_info* module, std::size_t, void* data) {
  TextSearch& search = *static_cast<TextSearch*>(data);
  bool is_it = false;
  Text text;
  for (int index = 0; index < module->dlpi_phnum; ++index) {
    const ElfW(Phdr)& segment = module->dlpi_phdr[index];
    if (segment.p_type != PT_LOAD) continue;
    const std::uintptr_t begin = module->dlpi_addr + segment.p_vaddr;
    const Text all{begin, begin + segment.p_memsz};
    is_it |= all.has(search.address);
    if ((segment.p_flags & PF_X) != 0) text = all;
  }
  if (is_it) search.found = text;
  return is_it ? 1 : 0;
}

// ld.so exports the end of the initial thread's stack.
void find_initial_thread(PythonRuntimeView& view) {
  if (syscall(SYS_gettid) != getpid()) return;
  const std::uintptr_t end = address_of(RTLD_DEFAULT, "__libc_stack_end");
  if (end == 0) return;
  view.initial_thread = pthread_self();
  view.initial_stack_end = *reinterpret_cast<const std::uintptr_t*>(end);
}

PythonRuntimeView::ProgramHeaders find_program_headers() {
  const auto* headers = reinterpret_cast<const ElfW(Phdr)*>(getauxval(AT_PHDR));
  const auto count = static_cast<std::uint32_t>(getauxval(AT_PHNUM));
  if (headers == nullptr) return {};
  const auto address = reinterpret_cast<std::uintptr_t>(headers);
  for (std::uint32_t index = 0; index < count; ++index) {
    if (headers[index].p_type == PT_PHDR) return {address - headers[index].p_vaddr, address, count};
  }
  return {};
}

// Up to 3.13, the evaluation loop has no such functions.
void find_instruction_helpers(void* scope, PythonRuntimeView& view) {
  constexpr struct {
    const char* name;
    bool returns_reference;
  } kHelpers[] = {
      {"_Py_VectorCall_StackRefSteal", false},
      {"_Py_VectorCallInstrumentation_StackRefSteal", false},
      {"_Py_BuiltinCallFast_StackRef", false},
      {"_Py_BuiltinCallFastWithKeywords_StackRef", false},
      {"_PyCallMethodDescriptorFast_StackRef", false},
      {"_PyCallMethodDescriptorFastWithKeywords_StackRef", false},
      {"_Py_CallBuiltinClass_StackRef", false},
      {"_Py_LoadAttr_StackRefSteal", true},
      {"_PyObject_GetAttrStackRef", true},
      {"_PyForIter_VirtualIteratorNext", true},
      {"_PyEval_GetIter", true},
      {"_PyFloat_FromDouble_ConsumeInputs", true},
      {"_PyCompactLong_Add", true},
      {"_PyCompactLong_Subtract", true},
      {"_PyCompactLong_Multiply", true},
  };
  static_assert(sizeof kHelpers / sizeof *kHelpers <= sizeof view.helpers / sizeof *view.helpers);
  InstructionHelper* place = view.helpers;
  for (const auto& helper : kHelpers) {
    const std::uintptr_t function = address_of(scope, helper.name);
    if (function != 0) *place++ = {function, helper.returns_reference};
  }
}

void look_up(void* scope, PythonRuntimeView& view) {
  view.runtime = address_of(scope, "_PyRuntime");
  view.code_type = address_of(scope, "PyCode_Type");
  view.unicode_type = address_of(scope, "PyUnicode_Type");
  view.frame_type = address_of(scope, "PyFrame_Type");
  view.hash_secret = address_of(scope, "_Py_HashSecret");
  view.eval_loop = address_of(scope, "_PyEval_EvalFrameDefault");
  view.deallocate = address_of(scope, "_Py_Dealloc");
  find_instruction_helpers(scope, view);
  view.generator_types[0] = address_of(scope, "PyGen_Type");
  view.generator_types[1] = address_of(scope, "PyCoro_Type");
  view.generator_types[2] = address_of(scope, "PyAsyncGen_Type");
  view.pthread_tid = find_pthread_tid();
  find_initial_thread(view);
  view.interpreter = text_around(view.runtime);
  view.libc = text_around(address_of(RTLD_DEFAULT, "__libc_start_main"));
  view.loader = text_around(address_of(RTLD_DEFAULT, "__libc_stack_end"));
  view.program = text_around(getauxval(AT_ENTRY));
  view.program_headers = find_program_headers();
  view.module_list = address_of(RTLD_DEFAULT, "_r_debug");
}

}  // namespace

Text text_around(std::uintptr_t address) {
  TextSearch search{address, {}};
  dl_iterate_phdr(look_at_module, &search);
  return search.found;
}

FoundPython find_python(void* scope) {
  FoundPython found;
  found.view.version_hex = version_of(scope);
  if (found.view.version_hex == 0) return found;
  found.present = true;
  look_up(scope, found.view);
  const std::uint32_t minor = found.view.version_hex >> 16 & 0xff;
  if (found.view.version_hex >> 24 != 3 || found.view.runtime == 0 || found.view.code_type == 0 ||
      found.view.unicode_type == 0 || found.view.frame_type == 0) {
    return found;
  }
  const bool free_threaded = minor >= 13 && debug_offsets_free_threaded(found.view.runtime);
  const PythonVersion* version = find_version(minor, free_threaded);
  if (version == nullptr) return found;
  found.view.layout = version->layout;
  found.failed_check = check_debug_offsets(*version, found.view.runtime);
  found.status = found.failed_check == DebugCheck::kNone ? ArmStatus::kWillArm
                                                         : ArmStatus::kInconsistentOffsets;
  return found;
}

}  // namespace pyfault

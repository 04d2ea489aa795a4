#include "agent/in_signal/cxx_exception.h"

#include <signal.h>
#include <sys/ucontext.h>

#include <cstddef>
#include <cstring>

#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/python_object.h"

namespace pyfault {
namespace {

// abort(), std::terminate() and what calls it take less than this.
constexpr std::size_t kStackWords = 1024;
constexpr std::uint64_t kGnuCxx = 0x474e5543432b2b00;  // "GNUCC++\0", exception_class of libstdc++
constexpr int kDeepestInheritance = 16;
constexpr int kMostHandlers = 1000;

// The end of __cxa_exception, up to the object that was thrown.
struct ExceptionHeader {
  std::uintptr_t type;
  std::uintptr_t destructor;
  std::uintptr_t unexpected_handler;
  std::uintptr_t terminate_handler;
  std::uintptr_t next;
  std::int32_t handler_count;
  std::int32_t handler_switch_value;
  std::uintptr_t action_record;
  std::uintptr_t language_specific_data;
  std::uintptr_t catch_temp;
  std::uintptr_t adjusted;
  std::uint64_t unwind_header[4];  // of which the first is the exception_class
};
static_assert(sizeof(ExceptionHeader) == 112);

struct TypeInfo {
  std::uintptr_t vtable;
  std::uintptr_t name;
  std::uintptr_t base;  // in a __si_class_type_info; something else otherwise
};

template <std::size_t kSize>
bool has_name(const TypeInfo& type, const char (&name)[kSize]) {
  char found[kSize];
  return guarded_copy(found, type.name, kSize) && std::memcmp(found, name, kSize) == 0;
}

// Where std::logic_error and std::runtime_error keep their text: a pointer behind the vtable's.
bool keeps_text(const TypeInfo& type) {
  return has_name(type, "St13runtime_error") || has_name(type, "St11logic_error");
}

// Only types with a single base, all of one kind, down to the one that keeps the text.
bool inherits_text(const TypeInfo& thrown) {
  TypeInfo type = thrown;
  for (int depth = 0; depth < kDeepestInheritance && type.vtable == thrown.vtable; ++depth) {
    if (keeps_text(type)) return true;
    if (!plausible_object(type.base) || !guarded_read(type.base, type)) return false;
  }
  return false;
}

std::uintptr_t find_what(const TypeInfo& type, std::uintptr_t object) {
  std::uintptr_t text = 0;
  if (inherits_text(type)) guarded_read(object + sizeof(void*), text);
  if (has_name(type, "PKc")) guarded_read(object, text);  // throw "text"
  return text;
}

// `object`: what was thrown, behind its header.
CxxException exception_at(std::uintptr_t object) {
  ExceptionHeader header;
  TypeInfo type;
  char first = 0;
  if (!guarded_read(object - sizeof header, header) || header.unwind_header[0] != kGnuCxx ||
      header.handler_count <= 0 || header.handler_count > kMostHandlers ||
      !plausible_object(header.type) || !guarded_read(header.type, type) ||
      !guarded_read(type.name, first)) {
    return {};
  }
  if (first == '*') ++type.name;  // the mark of a name that is to be compared by its address
  return {type.name, find_what(type, object)};
}

}  // namespace

CxxException find_cxx_exception(const void* context) {
  if (context == nullptr) return {};
  const auto* registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  const auto stack = static_cast<std::uintptr_t>(registers[REG_RSP]);
  for (std::size_t index = 0; index < kStackWords; ++index) {
    std::uintptr_t word = 0;
    if (!guarded_read(stack + index * sizeof word, word)) break;
    // The address of the object, or of the unwinder's part of its header.
    if (!plausible_object(word)) continue;
    std::uint64_t exception_class = 0;
    if (!guarded_read(word, exception_class)) continue;
    CxxException found = exception_at(
        exception_class == kGnuCxx ? word + sizeof(ExceptionHeader::unwind_header) : word);
    if (found.type_name != 0) return found;
  }
  return {};
}

}  // namespace pyfault

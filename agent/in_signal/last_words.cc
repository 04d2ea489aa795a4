#include "agent/in_signal/last_words.h"

#include "agent/in_signal/cxx_exception.h"
#include "agent/in_signal/fatal_error_text.h"
#include "agent/in_signal/guarded_copy.h"

namespace pyfault {
namespace {

constexpr std::uint32_t kLongest = 1024;

// glibc's struct abort_msg_s: an unsigned int, then the text.
std::uintptr_t libc_text(std::uintptr_t variable) {
  std::uintptr_t message = 0;
  if (variable == 0 || !guarded_read(variable, message) || message == 0) return 0;
  return message + sizeof(unsigned);
}

// The bytes at `address` up to their NUL or newline; none where it is 0.
bool append_bytes(SlotWriter& slot, std::uintptr_t address) {
  StringHeader header{1, 0, 0, 0};
  const std::size_t start = slot.cursor();
  if (!slot.append(&header, sizeof header)) return false;
  char next = '\0';
  while (address != 0 && guarded_read(address + header.units, next) && next != '\0' &&
         next != '\n') {
    header.truncated = header.units == kLongest;
    if (header.truncated != 0) break;
    if (!slot.append(&next, 1)) return false;
    ++header.units;
  }
  if (!slot.pad()) return false;
  const std::size_t end = slot.cursor();
  slot.rewind(start);
  slot.append(&header, sizeof header);
  slot.rewind(end);
  return true;
}

struct LastWords {
  MessageSource source;
  std::uintptr_t type;
  std::uintptr_t text;
};

// glibc and the interpreter speak only when they are about to abort, while an exception may be
// around for other reasons.
LastWords find_last_words(const void* context, std::uintptr_t libc_message) {
  if (const std::uintptr_t text = libc_text(libc_message)) return {MessageSource::kLibc, 0, text};
  if (const char* text = fatal_error_text()) {
    return {MessageSource::kPython, 0, reinterpret_cast<std::uintptr_t>(text)};
  }
  const CxxException exception = find_cxx_exception(context);
  return {MessageSource::kException, exception.type_name, exception.what};
}

}  // namespace

void capture_last_words(Capture& capture, const Fault& fault, std::uintptr_t libc_message) {
  if (fault.info == nullptr || fault.info->si_signo != SIGABRT) return;
  const LastWords words = find_last_words(fault.context, libc_message);
  if (words.type == 0 && words.text == 0) return;
  const MessageSection section{{SectionTag::kMessage, kSectionVersion, 0}, words.source, 0};
  SlotWriter& slot = capture.slot;
  if (slot.begin_section(&section, sizeof section) && append_bytes(slot, words.type) &&
      append_bytes(slot, words.text) && slot.end_section()) {
    slot.commit();
  } else {
    slot.rollback();
  }
}

}  // namespace pyfault

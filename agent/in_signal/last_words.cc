#include "agent/in_signal/last_words.h"

#include "agent/in_signal/cxx_exception.h"
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

}  // namespace

// glibc speaks only when it is about to abort, while an exception may be around for other reasons.
void capture_last_words(Capture& capture, const Fault& fault, std::uintptr_t libc_message) {
  if (fault.info == nullptr || fault.info->si_signo != SIGABRT) return;
  const std::uintptr_t said = libc_text(libc_message);
  const CxxException exception = said != 0 ? CxxException{} : find_cxx_exception(fault.context);
  if (said == 0 && exception.type_name == 0) return;
  const auto source = said != 0 ? MessageSource::kLibc : MessageSource::kException;
  const MessageSection section{{SectionTag::kMessage, kSectionVersion, 0}, source, 0};
  SlotWriter& slot = capture.slot;
  if (slot.begin_section(&section, sizeof section) && append_bytes(slot, exception.type_name) &&
      append_bytes(slot, said != 0 ? said : exception.what) && slot.end_section()) {
    slot.commit();
  } else {
    slot.rollback();
  }
}

}  // namespace pyfault

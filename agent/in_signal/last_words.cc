#include "agent/in_signal/last_words.h"

#include "agent/in_signal/announcement.h"
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

// The bytes up to their NUL or newline.
bool append_bytes(SlotWriter& slot, const char* bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes);
  StringHeader header{1, 0, 0, 0, kNoHash};
  const std::size_t start = slot.cursor();
  if (!slot.append(&header, sizeof header)) return false;
  char next = '\0';
  while (guarded_read(address + header.units, next) && next != '\0' && next != '\n') {
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

// glibc speaks last.
bool find_last_words(std::uintptr_t libc_message, Announcement& words) {
  const std::uintptr_t said = libc_text(libc_message);
  if (said == 0) return find_announcement(words);
  words = {MessageSource::kLibc, "", reinterpret_cast<const char*>(said)};
  return true;
}

}  // namespace

void capture_last_words(Capture& capture, const Fault& fault, std::uintptr_t libc_message) {
  Announcement words;
  if (fault.info == nullptr || fault.info->si_signo != SIGABRT ||
      !find_last_words(libc_message, words)) {
    return;
  }
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

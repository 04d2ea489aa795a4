#include "agent/in_signal/last_words.h"

#include "agent/in_signal/announcement.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/handled_fault.h"
#include "agent/in_signal/stderr_tail.h"

namespace pyfault {
namespace {

constexpr std::uint32_t kLongestLine = 1024;

char stderr_text[kMaxStderrTail + 1];

// glibc's struct abort_msg_s: an unsigned int, then the text.
std::uintptr_t libc_text(std::uintptr_t variable) {
  std::uintptr_t message = 0;
  if (variable == 0 || !guarded_read(variable, message) || message == 0) return 0;
  return message + sizeof(unsigned);
}

// Appends the bytes up to their NUL or, if `one_line`, up to the first newline.
bool append_bytes(SlotWriter& slot, const char* bytes, bool one_line) {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes);
  const std::uint32_t longest = one_line ? kLongestLine : kMaxStringUnits;
  StringHeader header{1, 0, 0, 0, kNoHash};
  const std::size_t start = slot.cursor();
  if (!slot.append(&header, sizeof header)) return false;
  char next = '\0';
  while (guarded_read(address + header.units, next) && next != '\0' &&
         (next != '\n' || !one_line)) {
    header.truncated = header.units == longest;
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

// glibc's message takes precedence, because it comes last. The last lines on stderr count only if
// the process has sent the signal itself; they do not explain an abort by another process.
bool find_last_words(const Fault& fault, const ThreadIdentity& self, std::uintptr_t libc_message,
                     Announcement& words) {
  const std::uintptr_t said = libc_text(libc_message);
  if (said != 0) {
    words = {MessageSource::kLibc, "", reinterpret_cast<const char*>(said)};
    return true;
  }
  if (find_announcement(words)) return true;
  words = {MessageSource::kStderr, "", stderr_text};
  return is_sent_by_self(*fault.info) &&
         find_stderr_tail(self.thread_pointer, clock_ns(CLOCK_MONOTONIC), stderr_text);
}

}  // namespace

void capture_last_words(Capture& capture, const Fault& fault, const ThreadIdentity& self,
                        std::uintptr_t libc_message) {
  Announcement words;
  if (fault.kind != RecordKind::kCrash || fault.info->si_signo != SIGABRT ||
      !find_last_words(fault, self, libc_message, words)) {
    return;
  }
  const MessageSection section{{SectionTag::kMessage, kSectionVersion, 0}, words.source, 0};
  SlotWriter& slot = capture.slot;
  const bool one_line = words.source != MessageSource::kStderr;
  if (slot.begin_section(&section, sizeof section) && append_bytes(slot, words.type, true) &&
      append_bytes(slot, words.text, one_line) && slot.end_section()) {
    slot.commit();
  } else {
    slot.rollback();
  }
}

}  // namespace pyfault

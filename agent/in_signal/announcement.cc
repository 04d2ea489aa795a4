#include "agent/in_signal/announcement.h"

#include <atomic>
#include <cstring>

#include "agent/in_signal/stderr_tail.h"
#include "agent/in_signal/system_calls.h"

namespace pyfault {
namespace {

constexpr std::size_t kLongest = 1023;

enum class Expecting { kAnything, kText, kType, kWhat, kNothing };

struct Line {
  std::size_t size;
  char text[kLongest + 1];

  // Returns false at the end of the line, or if the line is full.
  bool take(const char* bytes, std::size_t count, char end) {
    for (std::size_t index = 0; index < count; ++index) {
      if (bytes[index] == end || size == kLongest) return false;
      text[size++] = bytes[index];
    }
    return true;
  }
};

// The thread that is about to abort. Announcements of other threads are no longer followed.
constinit std::atomic<int> speaker{0};
constinit MessageSource source{};
constinit Expecting expecting = Expecting::kAnything;
Line type;
Line text;

template <std::size_t kSize>
bool is(const char* bytes, std::size_t size, const char (&piece)[kSize]) {
  return size == kSize - 1 && std::memcmp(bytes, piece, size) == 0;
}

void begin(MessageSource who, Expecting next) {
  int nobody = 0;
  if (!speaker.compare_exchange_strong(nobody, sys_gettid())) return;
  source = who;
  expecting = next;
}

void listen(const char* bytes, std::size_t size) {
  switch (expecting) {
    case Expecting::kType:
      if (!type.take(bytes, size, '\'')) expecting = Expecting::kWhat;
      break;
    case Expecting::kWhat:
      if (is(bytes, size, "  what():  ")) expecting = Expecting::kText;
      break;
    case Expecting::kText:
      if (!text.take(bytes, size, '\n')) expecting = Expecting::kNothing;
      break;
    case Expecting::kAnything:
    case Expecting::kNothing:
      break;
  }
}

}  // namespace

void note_stderr(const void* written, std::size_t size, std::int64_t now_ns) {
  const auto* bytes = static_cast<const char*>(written);
  const int speaking = speaker.load(std::memory_order_relaxed);
  if (speaking != 0) {
    if (speaking != sys_gettid()) return remember_stderr(bytes, size, now_ns);
    if (expecting != Expecting::kNothing) listen(bytes, size);
  } else if (is(bytes, size, "Fatal Python error: ")) {
    begin(MessageSource::kPython, Expecting::kText);
  } else if (is(bytes, size, "terminate called after throwing an instance of '")) {
    begin(MessageSource::kException, Expecting::kType);
  } else {
    remember_stderr(bytes, size, now_ns);
  }
}

bool find_announcement(Announcement& announcement) {
  if (speaker.load() != sys_gettid()) return false;
  if (source == MessageSource::kPython && is(text.text, text.size, "Aborted")) return false;
  announcement = {source, type.text, text.text};
  return true;
}

}  // namespace pyfault

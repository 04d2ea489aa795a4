#include "agent/in_signal/fatal_error_text.h"

#include <atomic>
#include <cstring>

#include "agent/in_signal/system_calls.h"

namespace pyfault {
namespace {

constexpr char kBeginning[] = "Fatal Python error: ";
constexpr std::size_t kBeginningSize = sizeof kBeginning - 1;
constexpr std::size_t kLongest = 1023;

// The thread that is dying: it stays the only one to be heard.
constinit std::atomic<int> speaker{0};
constinit bool finished = false;
constinit std::size_t said = 0;
char text[kLongest + 1];

void listen(const char* bytes, std::size_t size) {
  for (std::size_t index = 0; index < size && !finished; ++index) {
    finished = bytes[index] == '\n' || said == kLongest;
    if (!finished) text[said++] = bytes[index];
  }
}

}  // namespace

void note_stderr(const void* bytes, std::size_t size) {
  int speaking = speaker.load(std::memory_order_relaxed);
  if (speaking == 0) {
    if (size == kBeginningSize && std::memcmp(bytes, kBeginning, size) == 0) {
      speaker.compare_exchange_strong(speaking, sys_gettid());
    }
  } else if (!finished && speaking == sys_gettid()) {
    listen(static_cast<const char*>(bytes), size);
  }
}

const char* fatal_error_text() {
  return speaker.load() == sys_gettid() ? text : nullptr;
}

}  // namespace pyfault

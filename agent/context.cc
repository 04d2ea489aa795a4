// What pyfault.h offers to programs that say something about themselves.
#include <ctime>

#include "agent/in_signal/crash_handler.h"
#include "agent/pyfault.h"

namespace pyfault {
namespace {

// By way of libc, which reads the clock without a system call.
std::int64_t coarse_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace
}  // namespace pyfault

extern "C" [[gnu::visibility("default")]] int pyfault_annotate(const char* key, size_t key_size,
                                                               const char* value, size_t value_size,
                                                               int tid) {
  pyfault::ContextWriter* writer = pyfault::context_writer();
  if (writer == nullptr) return -1;
  if (value == nullptr) {
    writer->remove_annotation(tid, {key, key_size});
    return 0;
  }
  return writer->annotate(tid, {key, key_size}, {value, value_size}) ? 0 : -1;
}

extern "C" [[gnu::visibility("default")]] int pyfault_breadcrumb(const char* text, size_t size) {
  pyfault::ContextWriter* writer = pyfault::context_writer();
  if (writer == nullptr) return -1;
  writer->add_breadcrumb(pyfault::coarse_ns(CLOCK_REALTIME_COARSE), {text, size});
  return 0;
}

extern "C" [[gnu::visibility("default")]] int pyfault_heartbeat() {
  pyfault::ContextWriter* writer = pyfault::context_writer();
  if (writer == nullptr) return -1;
  writer->beat(pyfault::coarse_ns(CLOCK_MONOTONIC_COARSE));
  return 0;
}

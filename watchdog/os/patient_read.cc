#include "watchdog/os/patient_read.h"

#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

constexpr int kMostHanging = 4;
std::atomic<int> reading = 0;
std::atomic<pid_t> counted_in = 0;

// A copy of this process has none of the threads that it was counted with.
void begin_to_count() {
  if (counted_in.exchange(::getpid()) != ::getpid()) reading = 0;
}

std::optional<std::string> read_or_none(const std::string& path, std::size_t limit) try {
  return read_file(path, limit);
} catch (const std::bad_alloc&) {
  return std::nullopt;
}

// Counts a reader for as long as it lives.
class Turn {
 public:
  Turn() : mine_(reading.fetch_add(1) < kMostHanging) {}
  ~Turn() { reading.fetch_sub(1); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  explicit operator bool() const { return mine_; }

 private:
  bool mine_;
};

}  // namespace

std::optional<std::string> read_patiently(const std::string& path, std::size_t limit,
                                          std::chrono::milliseconds patience) try {
  begin_to_count();
  auto turn = std::make_shared<Turn>();
  if (!*turn) return std::nullopt;
  std::promise<std::optional<std::string>> promise;
  auto text = promise.get_future();
  std::thread([path, limit, turn = std::move(turn), promise = std::move(promise)]() mutable {
    promise.set_value(read_or_none(path, limit));
  }).detach();
  return text.wait_for(patience) == std::future_status::ready ? text.get() : std::nullopt;
} catch (const std::system_error&) {
  return std::nullopt;
}

}  // namespace pyfault

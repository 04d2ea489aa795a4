#include "watchdog/service/taint_watch.h"

#include <time.h>

#include <utility>

namespace pyfault {
namespace {

// Of the time that passes: what timers and heartbeats take.
constexpr int kIdleShare = 100;

// Of all its threads; nullopt if it has ended. Reads no file, and does not wait.
std::optional<std::chrono::nanoseconds> processor_time(int pid) {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return {};
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

}  // namespace

TaintWatch::TaintWatch(boost::asio::io_context& io, Then then, TaintPatience patience)
    : then_(std::move(then)), patience_(patience), timer_(io) {}

void TaintWatch::add(int pid) {
  const auto used = processor_time(pid);
  if (!used) return;
  const bool is_first = used_.empty();
  used_.try_emplace(pid, *used);
  if (!is_first) return;
  begun_ = Clock::now();
  look_later();
}

void TaintWatch::clear() {
  used_.clear();
  timer_.cancel();
}

void TaintWatch::look_later() {
  timer_.start(patience_.window, [this] { look(); });
}

void TaintWatch::look() {
  const bool idle = are_idle();
  if (used_.empty()) return;
  look_later();  // also if then_ throws
  const bool is_time = idle || Clock::now() - begun_ >= patience_.longest;
  if (is_time && then_(idle)) clear();
}

bool TaintWatch::are_idle() {
  bool idle = true;
  for (auto each = used_.begin(); each != used_.end();) {
    const auto used = processor_time(each->first);
    if (!used) {
      each = used_.erase(each);
      continue;
    }
    idle &= *used - std::exchange(each->second, *used) <= patience_.window / kIdleShare;
    ++each;
  }
  return idle;
}

}  // namespace pyfault

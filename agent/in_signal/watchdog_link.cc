#include "agent/in_signal/watchdog_link.h"

#include "agent/in_signal/system_calls.h"

namespace pyfault {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kLookAtWatchdog = 50 * kMillisecond;  // while waiting
constexpr std::int64_t kMostPatience = 10;                   // times the ack timeout, for a slot
constexpr long kBrokenPipe = -32;                            // -EPIPE

timespec duration(std::int64_t ns) {
  return {ns / 1'000'000'000, ns % 1'000'000'000};
}

// The program may have closed our descriptor, and something else may bear its number now.
bool pipe_is_ours(const WatchdogLink& link) {
  struct stat status;
  return link.pipe >= 0 && sys_fstat(link.pipe, &status) == 0 &&
         status.st_dev == link.pipe_device && status.st_ino == link.pipe_inode;
}

// A watchdog that dies between the look and the write must not cost the program a SIGPIPE.
long write_without_sigpipe(int fd, const void* bytes, std::size_t size) {
  const KernelSignalSet sigpipe = signal_bit(SIGPIPE);
  KernelSignalSet before = 0;
  sys_rt_sigprocmask(SIG_BLOCK, &sigpipe, &before);
  const long result = sys_write(fd, bytes, size);
  if (result == kBrokenPipe) {
    const timespec now{};
    sys_rt_sigtimedwait(&sigpipe, &now);
  }
  sys_rt_sigprocmask(SIG_SETMASK, &before, nullptr);
  return result;
}

}  // namespace

// The read end of a pipe is gone when its write end is in error. Where we may not ask (a filter, or
// a limit of no descriptors), it is there for all we know.
bool watchdog_listens(const WatchdogLink& link) {
  pollfd pipe{link.pipe, 0, 0};
  return pipe_is_ours(link) && (sys_poll(&pipe, 1, 0) <= 0 || (pipe.revents & POLLERR) == 0);
}

bool wake_watchdog(const WatchdogLink& link, Token token) {
  if (!watchdog_listens(link)) return false;
  return write_without_sigpipe(link.pipe, &token, sizeof token) != kBrokenPipe;
}

// Each waits at a slot of its own choice, so that a slot that becomes free wakes a few and not all.
// A watchdog that frees slots one by one is at work, and worth waiting for.
SlotWriter claim_slot(const WatchdogLink& link, std::int32_t pid) {
  SlotWriter first = SlotWriter::claim(link.ring, pid);
  if (first) return first;
  const SlotHeader* watched = ring_slot(link.ring, static_cast<std::uint32_t>(pid) % kSlotCount);
  const std::int64_t patience = link.ack_timeout_ms * kMillisecond;
  const std::int64_t end = clock_ns(CLOCK_MONOTONIC) + kMostPatience * patience;
  std::int64_t deadline = clock_ns(CLOCK_MONOTONIC) + patience;
  while (clock_ns(CLOCK_MONOTONIC) < (deadline < end ? deadline : end)) {
    const std::uint32_t seen = futex_of(*watched)->load(std::memory_order_acquire);
    SlotWriter slot = SlotWriter::claim(link.ring, pid);
    if (slot) return slot;
    if (!watchdog_listens(link)) break;
    const timespec pause = duration(kLookAtWatchdog);
    sys_futex_wait(futex_of(*watched), seen, &pause);
    if (futex_of(*watched)->load() != seen) deadline = clock_ns(CLOCK_MONOTONIC) + patience;
  }
  ring_header(link.ring)->dropped_records.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void wait_for_ack(const WatchdogLink& link, PublishedSlot slot) {
  const std::int64_t deadline = clock_ns(CLOCK_MONOTONIC) + link.ack_timeout_ms * kMillisecond;
  while (slot.futex->load(std::memory_order_acquire) == slot.expected) {
    const std::int64_t left = deadline - clock_ns(CLOCK_MONOTONIC);
    if (left <= 0 || !watchdog_listens(link)) return;
    const timespec timeout = duration(left < kLookAtWatchdog ? left : kLookAtWatchdog);
    sys_futex_wait(slot.futex, slot.expected, &timeout);
  }
}

}  // namespace pyfault

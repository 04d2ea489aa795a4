#include "agent/in_signal/watchdog_link.h"

#include <sys/un.h>

#include <cstring>

#include "agent/in_signal/system_calls.h"

namespace pyfault {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kLookAtWatchdog = 50 * kMillisecond;  // between checks while waiting
constexpr std::int64_t kMaxPatience = 10;                    // times the ack timeout, for a slot
constexpr long kTryAgain = -11;                              // -EAGAIN
constexpr long kBrokenPipe = -32;                            // -EPIPE
constexpr long kRefused = -111;                              // -ECONNREFUSED

constinit std::atomic<bool> wake_up_forbidden{false};
constinit std::atomic<bool> attach_forbidden{false};

timespec duration(std::int64_t ns) {
  return {ns / 1'000'000'000, ns % 1'000'000'000};
}

std::size_t length_of(const char* text) {
  std::size_t length = 0;
  while (text[length] != '\0') ++length;
  return length;
}

// "@name" is an abstract address.
Descriptor connect_to(const char* name) {
  sockaddr_un address;
  std::memset(&address, 0, sizeof address);
  const std::size_t length = length_of(name);
  if (length == 0 || length >= sizeof address.sun_path) return {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name, length);
  if (name[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  Descriptor socket(sys_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return socket;
  const long result = sys_connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size);
  return result == 0 ? std::move(socket) : Descriptor(result);
}

// A watchdog that dies between the check and the write must not cause a SIGPIPE in the program.
// Requires that SIGPIPE is blocked.
long write_without_sigpipe(int fd, const void* bytes, std::size_t size) {
  const long result = sys_write(fd, bytes, size);
  if (result == kBrokenPipe) {
    const KernelSignalSet sigpipe = signal_bit(SIGPIPE);
    const timespec now{};
    sys_rt_sigtimedwait(&sigpipe, &now);
  }
  return result;
}

long send(int socket, const void* bytes, std::size_t size) {
  iovec body{const_cast<void*>(bytes), size};
  msghdr message;
  std::memset(&message, 0, sizeof message);
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  return sys_sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

// An abstract address can be reached only from the watchdog's network namespace. The socket file,
// if there is one, can be reached from others.
Descriptor connect_to_watchdog(const WatchdogLink& link) {
  Descriptor socket = connect_to(link.address);
  if (socket.get() != kRefused || link.address[0] != '@' || link.address[1] != '/') return socket;
  return connect_to(link.address + 1);
}

void note_sandbox(Forbidden forbidden) {
  if (forbidden.wake_up) wake_up_forbidden.store(true, std::memory_order_relaxed);
  if (forbidden.attach) attach_forbidden.store(true, std::memory_order_relaxed);
}

bool may_attach() {
  return !attach_forbidden.load(std::memory_order_relaxed);
}

Bell::Bell(const WatchdogLink& link) {
  if (wake_up_forbidden.load(std::memory_order_relaxed)) return;
  is_pipe_ = open_pipe(link);
  if (!is_pipe_) way_ = connect_to_watchdog(link);
}

// If the program's root directory or mounts have changed, the path may lead to another file, so its
// device and inode number are checked.
bool Bell::open_pipe(const WatchdogLink& link) {
  constexpr int kFlags = O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
  if (link.wake_pipe[0] == '\0') return false;
  way_ = Descriptor(sys_open(link.wake_pipe, kFlags));
  struct stat status;
  return way_ && sys_fstat(way_.get(), &status) == 0 && status.st_dev == link.wake_pipe_device &&
         status.st_ino == link.wake_pipe_inode;
}

// poll() reports POLLERR for a pipe whose read end is closed, and POLLHUP for a socket whose peer
// is closed. If poll() is denied, the watchdog is assumed to be there.
bool Bell::watchdog_is_there() const {
  pollfd way{way_.get(), 0, 0};
  return way_ && (sys_poll(&way, 1, 0) <= 0 || (way.revents & (POLLERR | POLLHUP)) == 0);
}

bool Bell::ring(const WatchdogLink& link) const {
  if (!way_) return false;
  const Wake wake{ring_header(link.ring)->id};
  const long result = is_pipe_ ? write_without_sigpipe(way_.get(), &wake, sizeof wake)
                               : send(way_.get(), &wake, sizeof wake);
  return result == sizeof wake || result == kTryAgain;
}

void wake_watchdog(const WatchdogLink& link) {
  const KernelSignalSet sigpipe = signal_bit(SIGPIPE);
  KernelSignalSet before = 0;
  sys_rt_sigprocmask(SIG_BLOCK, &sigpipe, &before);
  Bell(link).ring(link);
  sys_rt_sigprocmask(SIG_SETMASK, &before, nullptr);
}

std::uint32_t ack_timeout_ms(const WatchdogLink& link) {
  const std::uint32_t said = ring_header(link.ring)->ack_timeout_ms.load(std::memory_order_relaxed);
  const std::uint32_t limit = said == 0 ? kDefaultAckTimeoutMs : said;
  return limit < kMaxAckTimeoutMs ? limit : kMaxAckTimeoutMs;
}

// Each process waits at a slot that its pid selects, so that a slot that becomes free wakes only a
// few of them. A watchdog that frees slots one by one is at work, and worth waiting for.
SlotWriter claim_slot(const WatchdogLink& link, std::int32_t pid) {
  SlotWriter first = SlotWriter::claim(link.ring, pid);
  if (first) return first;
  const Bell bell(link);
  const SlotHeader* watched = ring_slot(link.ring, static_cast<std::uint32_t>(pid) % kSlotCount);
  const std::int64_t patience = ack_timeout_ms(link) * kMillisecond;
  const std::int64_t end = clock_ns(CLOCK_MONOTONIC) + kMaxPatience * patience;
  std::int64_t deadline = clock_ns(CLOCK_MONOTONIC) + patience;
  while (clock_ns(CLOCK_MONOTONIC) < (deadline < end ? deadline : end)) {
    const std::uint32_t seen = futex_of(*watched)->load(std::memory_order_acquire);
    SlotWriter slot = SlotWriter::claim(link.ring, pid);
    if (slot) return slot;
    if (!bell.watchdog_is_there()) break;
    const timespec pause = duration(kLookAtWatchdog);
    sys_futex_wait(futex_of(*watched), seen, &pause);
    if (futex_of(*watched)->load() != seen) deadline = clock_ns(CLOCK_MONOTONIC) + patience;
  }
  ring_header(link.ring)->dropped_records.fetch_add(1, std::memory_order_relaxed);
  return {};
}

void wait_for_ack(const WatchdogLink& link, const Bell& bell, const PublishedSlot& slot,
                  std::uint32_t limit_ms) {
  const std::uint32_t timeout_ms = ack_timeout_ms(link);
  const std::uint32_t patience_ms = timeout_ms < limit_ms ? timeout_ms : limit_ms;
  const std::int64_t deadline = clock_ns(CLOCK_MONOTONIC) + patience_ms * kMillisecond;
  while (slot.futex->load(std::memory_order_acquire) == slot.expected) {
    const std::int64_t left = deadline - clock_ns(CLOCK_MONOTONIC);
    if (left <= 0 || !bell.watchdog_is_there()) return;
    const timespec timeout = duration(left < kLookAtWatchdog ? left : kLookAtWatchdog);
    sys_futex_wait(slot.futex, slot.expected, &timeout);
  }
}

}  // namespace pyfault

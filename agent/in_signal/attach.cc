#include "agent/in_signal/attach.h"

#include <sys/mman.h>

#include <cstring>
#include <utility>

#include "agent/in_signal/own_context.h"
#include "agent/in_signal/system_calls.h"

namespace pyfault {
namespace {

constexpr long kInvalid = -22;     // -EINVAL
constexpr long kFileTooBig = -27;  // -EFBIG
constexpr long kNoMemory = -12;    // -ENOMEM
// -EAGAIN, -ENOMEM, -ENFILE, -EMFILE, -ENOBUFS: errors that may be transient.
constexpr int kPassing[] = {-11, -12, -23, -24, -105};

constinit std::atomic<bool> attached{false};
constinit std::atomic<bool> attaching{false};
constinit std::atomic<bool> has_complained{false};

class OneAtATime {
 public:
  OneAtATime() : mine_(!attaching.exchange(true, std::memory_order_acquire)) {}
  ~OneAtATime() {
    if (mine_) attaching.store(false, std::memory_order_release);
  }
  OneAtATime(const OneAtATime&) = delete;
  OneAtATime& operator=(const OneAtATime&) = delete;
  explicit operator bool() const { return mine_; }

 private:
  bool mine_;
};

// Raises RLIMIT_FSIZE as long as it lives, if necessary and permitted: the limit also applies to a
// memfd, and creating a ring that exceeds it would raise SIGXFSZ.
class RoomForRing {
 public:
  RoomForRing() {
    if (sys_prlimit(RLIMIT_FSIZE, nullptr, &before_) != 0 || before_.rlim_cur >= kRingSize) return;
    const rlimit enough{kRingSize, before_.rlim_max};
    raised_ = before_.rlim_max >= kRingSize && sys_prlimit(RLIMIT_FSIZE, &enough, nullptr) == 0;
    is_there_ = raised_;
  }
  ~RoomForRing() {
    if (raised_) sys_prlimit(RLIMIT_FSIZE, &before_, nullptr);
  }
  RoomForRing(const RoomForRing&) = delete;
  RoomForRing& operator=(const RoomForRing&) = delete;
  explicit operator bool() const { return is_there_; }

 private:
  rlimit before_{};
  bool raised_ = false;
  bool is_there_ = true;
};

// Kernels from 6.3 on expect a memfd to be marked as executable or not, and may refuse one that is
// executable. Earlier kernels do not know the flag.
Descriptor make_memfd() {
  constexpr unsigned kNoExecSeal = 8;  // MFD_NOEXEC_SEAL
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  Descriptor fd(sys_memfd_create("pyfault-ring", kFlags | kNoExecSeal));
  return fd.get() == kInvalid ? Descriptor(sys_memfd_create("pyfault-ring", kFlags))
                              : std::move(fd);
}

// The part of a new ring's header that is not zero.
struct RingBeginning {
  std::uint64_t magic = kRingMagic;
  std::uint32_t version = kRingVersion;
  std::uint32_t slot_count = kSlotCount;
  std::uint64_t slot_size = kSlotSize;
  std::uint64_t id;
};
static_assert(sizeof(RingBeginning) == offsetof(RingHeader, stage));

// Gives a memfd of length 0 the size, the seals and the header of a ring. Returns 0 or a negated
// errno value.
long form_ring(int ring) {
  constexpr long kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  struct stat status;
  for (const long result : {sys_ftruncate(ring, kRingSize), sys_fcntl(ring, F_ADD_SEALS, kSeals),
                            sys_fstat(ring, &status)}) {
    if (result != 0) return result;
  }
  const RingBeginning beginning{.id = status.st_ino};
  const long written = sys_pwrite(ring, &beginning, sizeof beginning, 0);
  return written == sizeof beginning ? 0 : kNoMemory;
}

// On failure, the result holds the negated errno value.
Descriptor make_ring() {
  const RoomForRing room;
  if (!room) return Descriptor(kFileTooBig);
  Descriptor ring = make_memfd();
  const long result = ring ? form_ring(ring.get()) : 0;
  return result == 0 ? std::move(ring) : Descriptor(result);
}

// Returns whether root or the process's own user has called listen(), according to the kernel.
bool is_trusted(int socket) {
  ucred listener;
  socklen_t size = sizeof listener;
  return sys_getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &listener, &size) == 0 &&
         (listener.uid == 0 || listener.uid == sys_geteuid());
}

// The part of the Hello that is not the same each time. `ring`: a descriptor, or a negated errno
// value if there is no ring to send.
struct HelloHead {
  alignas(Hello) char bytes[offsetof(Hello, claims)];

  HelloHead(const Hello& hello, int ring) {
    std::memcpy(bytes, &hello, sizeof bytes);
    auto* head = reinterpret_cast<Hello*>(bytes);
    head->pid = sys_getpid();
    head->ppid = sys_getppid();
    head->boottime_ns = clock_ns(CLOCK_BOOTTIME);
    if (ring >= 0 || head->status != ArmStatus::kWillArm) return;
    head->status = ArmStatus::kNoRing;
    head->failed_check = static_cast<std::uint32_t>(-ring);
  }
};

bool say_hello(const WatchdogLink& link, int socket, int ring) {
  HelloHead head(link.hello, ring);
  iovec body[] = {{head.bytes, sizeof head.bytes},
                  {const_cast<ProcessClaims*>(&link.hello.claims), sizeof link.hello.claims}};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  std::memset(control, 0, sizeof control);
  msghdr message;
  std::memset(&message, 0, sizeof message);
  message.msg_iov = body;
  message.msg_iovlen = 2;
  if (ring >= 0) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &ring, sizeof ring);
  }
  return sys_sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof(Hello);
}

// Excludes the ring from core dumps, so that they do not grow.
bool map_ring(const WatchdogLink& link, int ring) {
  const long address =
      sys_mmap(link.ring, kRingSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ring);
  if (address != as_argument(link.ring)) return false;
  sys_madvise(link.ring, kRingSize, MADV_DONTDUMP);
  return true;
}

AttachResult why_not(int connect_result) {
  for (const int passing : kPassing) {
    if (connect_result == passing) return AttachResult::kNotNow;
  }
  return AttachResult::kNever;
}

RingStage stage_of(const WatchdogLink& link) {
  return ring_header(link.ring)->stage.load();
}

// Returns false if all cells are in use.
bool enter(RingHeader& ring, std::int32_t pid) {
  for (std::uint32_t cell = 0; cell < kMaxChildren; ++cell) {
    std::int32_t nobody = 0;
    if (ring.children[cell].load(std::memory_order_relaxed) != 0 ||
        !ring.children[cell].compare_exchange_strong(nobody, pid)) {
      continue;
    }
    std::uint32_t end = ring.children_end.load();
    while (end <= cell && !ring.children_end.compare_exchange_weak(end, cell + 1)) continue;
    return true;
  }
  return false;
}

}  // namespace

AttachResult attach(const WatchdogLink& link, Descriptor* hello) {
  const OneAtATime alone;
  if (!alone || !may_attach()) return AttachResult::kNotNow;
  Descriptor socket = connect_to_watchdog(link);
  if (!socket) return why_not(socket.get());
  if (!is_trusted(socket.get())) return AttachResult::kNever;
  if (link.hello.status != ArmStatus::kWillArm) {
    say_hello(link, socket.get(), -1);
    return AttachResult::kNever;
  }
  const Descriptor ring = make_ring();
  if (!ring && !has_complained.load() && say_hello(link, socket.get(), ring.get())) {
    has_complained.store(true);
  }
  if (ring) carry_context(link, ring.get());
  if (!ring || !say_hello(link, socket.get(), ring.get()) || !map_ring(link, ring.get())) {
    return AttachResult::kNotNow;
  }
  if (hello != nullptr) *hello = std::move(socket);
  attached.store(true);
  return AttachResult::kAttached;
}

bool has_ring() {
  return attached.load();
}

bool is_attached(const WatchdogLink& link) {
  if (!attached.load()) return false;
  const RingStage stage = stage_of(link);
  return stage != RingStage::kLeft && stage != RingStage::kGivenUp;
}

void ensure_ring(const WatchdogLink& link) {
  if (!is_attached(link)) attach(link);
}

bool prepare_ring_for_crash(const WatchdogLink& link, bool is_in_use, Descriptor& hello) {
  const bool is_certain = is_attached(link) && stage_of(link) == RingStage::kTaken;
  if (!is_certain && !is_in_use) attach(link, &hello);
  return is_attached(link);
}

// A watchdog hangs up after it has taken the ring; one that hangs up earlier has died. Its
// successor may have been left the ring all the same, so either that one takes it or we give it up.
bool give_up_if_lost(const WatchdogLink& link, const Descriptor& hello) {
  pollfd connection{hello.get(), 0, 0};
  RingStage waiting = RingStage::kWaiting;
  return hello && sys_poll(&connection, 1, 0) == 1 &&
         ring_header(link.ring)->stage.compare_exchange_strong(waiting, RingStage::kGivenUp);
}

void leave_ring(const WatchdogLink& link, std::int32_t pid) {
  RingHeader& ring = *ring_header(link.ring);
  const std::uint32_t end = ring.children_end.load();
  for (std::uint32_t cell = 0; cell < end && cell < kMaxChildren; ++cell) {
    std::int32_t expected = pid;
    if (ring.children[cell].compare_exchange_strong(expected, 0)) return;
  }
  std::int32_t expected = 0;
  ring.executing.compare_exchange_strong(expected, pid);
}

void forget_attach_of_parent() {
  attaching.store(false);
}

void join_ring(const WatchdogLink& link, std::int32_t pid) {
  if (attached.load() && !enter(*ring_header(link.ring), pid)) {
    ring_header(link.ring)->unknown_children.fetch_add(1, std::memory_order_relaxed);
  }
  ensure_ring(link);
}

void return_to_ring(const WatchdogLink& link, std::int32_t pid) {
  std::int32_t expected = pid;
  const bool had_no_cell = ring_header(link.ring)->executing.compare_exchange_strong(expected, 0);
  if (!had_no_cell) join_ring(link, pid);
}

}  // namespace pyfault

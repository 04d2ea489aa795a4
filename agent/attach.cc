#include "agent/attach.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "shared/ring_layout.h"

namespace pyfault {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  void set(int fd) { fd_ = fd; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }

 private:
  int fd_;
};

// "@name" is an abstract address. Zero: the name does not fit.
socklen_t make_address(const char* name, sockaddr_un& address) {
  const std::size_t length = std::strlen(name);
  if (length == 0 || length >= sizeof address.sun_path) return 0;
  address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name, length);
  if (name[0] == '@') address.sun_path[0] = '\0';
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
}

bool connect_once(int socket, const char* name) {
  sockaddr_un address;
  const socklen_t length = make_address(name, address);
  return length != 0 && connect(socket, reinterpret_cast<const sockaddr*>(&address), length) == 0;
}

// Nobody listens at an abstract address in another network namespace than the watchdog's: a file
// shows the way, where there is one.
bool connect_to(int socket, const char* name) {
  const timeval limit{kAttachTimeoutMs / 1000, kAttachTimeoutMs % 1000 * 1000};
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (connect_once(socket, name)) return true;
  return errno == ECONNREFUSED && name[0] == '@' && name[1] == '/' &&
         connect_once(socket, name + 1);
}

bool receive_welcome(int socket, Welcome& welcome, Descriptor& ring, Descriptor& pipe) {
  iovec body{&welcome, sizeof welcome};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t size;
  do {
    size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  const cmsghdr* header = size < 0 ? nullptr : CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(2 * sizeof(int))) {
    return false;
  }
  int descriptors[2];
  std::memcpy(descriptors, CMSG_DATA(header), sizeof descriptors);
  ring.set(descriptors[0]);
  pipe.set(descriptors[1]);
  return size == sizeof welcome && welcome.magic == kHandshakeMagic &&
         welcome.protocol == kProtocolVersion && welcome.ring_version == kRingVersion &&
         welcome.ring_size == kRingSize;
}

// A ring that could shrink would be a SIGBUS in the handler.
bool is_sealed_ring(int fd) {
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW;
  struct stat status;
  return (fcntl(fd, F_GET_SEALS) & kSeals) == kSeals && fstat(fd, &status) == 0 &&
         status.st_size == static_cast<off_t>(kRingSize);
}

void* map_ring(int fd) {
  if (!is_sealed_ring(fd)) return nullptr;
  void* ring = mmap(nullptr, kRingSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (ring == MAP_FAILED) return nullptr;
  if (ring_header(ring)->magic == kRingMagic) {
    madvise(ring, kRingSize, MADV_DONTDUMP);  // core dumps stay as large as they were
    return ring;
  }
  munmap(ring, kRingSize);
  return nullptr;
}

// Out of the way of programs that expect the lowest numbers, yet below what select() can handle.
int move_up(int fd) {
  constexpr rlim_t kCeiling = 1024;
  constexpr rlim_t kRoom = 32;
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t ceiling = limit.rlim_cur < kCeiling ? limit.rlim_cur : kCeiling;
  if (ceiling <= 2 * kRoom) return fd;
  const int high = fcntl(fd, F_DUPFD_CLOEXEC, static_cast<int>(ceiling - kRoom));
  if (high < 0) return fd;
  close(fd);
  return high;
}

}  // namespace

bool attach(const Hello& hello, WatchdogLink& link) {
  const char* name = std::getenv(kSocketVariable);
  if (name == nullptr) return false;
  const Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (socket.get() < 0 || !connect_to(socket.get(), name) ||
      send(socket.get(), &hello, sizeof hello, MSG_NOSIGNAL) != sizeof hello ||
      hello.status != ArmStatus::kWillArm) {
    return false;
  }
  Welcome welcome;
  Descriptor ring;
  Descriptor pipe;
  struct stat status;
  if (!receive_welcome(socket.get(), welcome, ring, pipe) || fstat(pipe.get(), &status) != 0) {
    return false;
  }
  link.ring = map_ring(ring.get());
  if (link.ring == nullptr) return false;
  link.pipe_device = status.st_dev;
  link.pipe_inode = status.st_ino;
  link.ack_timeout_ms =
      welcome.ack_timeout_ms < kMaxAckTimeoutMs ? welcome.ack_timeout_ms : kMaxAckTimeoutMs;
  link.dump_signal = welcome.dump_signal;
  link.pipe = move_up(pipe.release());
  return true;
}

}  // namespace pyfault

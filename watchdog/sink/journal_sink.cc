#include "watchdog/sink/journal_sink.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "watchdog/os/unix_address.h"

namespace pyfault {
namespace {

constexpr int kSendBuffer = 8 << 20;  // as libsystemd requests; the kernel may grant less

UniqueFd datagram_socket() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) throw std::system_error(errno, std::generic_category(), "socket for journald");
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof kSendBuffer);
  return fd;
}

// Returns an empty descriptor and sets errno on failure.
UniqueFd sealed_memfd(std::string_view content) {
  constexpr int kSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  UniqueFd fd(::memfd_create("pyfault-journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  while (fd && !content.empty()) {
    const ssize_t written = ::write(fd.get(), content.data(), content.size());
    if (written < 0) return {};
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  if (!fd || ::fcntl(fd.get(), F_ADD_SEALS, kSeals) != 0) return {};
  return fd;
}

}  // namespace

JournalSink::JournalSink(std::string socket)
    : path_(std::move(socket)), socket_(datagram_socket()) {}

int JournalSink::write(std::string_view entry) {
  const int error = send_in_datagram(entry);
  return error == EMSGSIZE || error == ENOBUFS ? send_in_memfd(entry) : error;
}

// Addresses the socket by name each time, so a restarted journald is found.
int JournalSink::send(const msghdr& message) const {
  const UnixAddress address(path_);
  msghdr addressed = message;
  addressed.msg_name = const_cast<sockaddr*>(address.get());
  addressed.msg_namelen = address.size();
  while (::sendmsg(socket_.get(), &addressed, MSG_NOSIGNAL) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int JournalSink::send_in_datagram(std::string_view entry) const {
  iovec content{const_cast<char*>(entry.data()), entry.size()};
  msghdr message{};
  message.msg_iov = &content;
  message.msg_iovlen = 1;
  return send(message);
}

int JournalSink::send_in_memfd(std::string_view entry) const {
  const UniqueFd memfd = sealed_memfd(entry);
  if (!memfd) return errno;
  const int fd = memfd.get();
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
  msghdr message{};
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return send(message);
}

}  // namespace pyfault

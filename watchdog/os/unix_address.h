// The address of a Unix socket as PYFAULT_SOCKET and NOTIFY_SOCKET spell it: a path, or "@" and an
// abstract name.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace pyfault {

// The room in sockaddr_un, without the NUL that ends a path or begins an abstract name.
inline constexpr std::size_t kMaxUnixName = sizeof(sockaddr_un::sun_path) - 1;

class UnixAddress {
 public:
  // Truncates a name that does not fit.
  explicit UnixAddress(std::string_view name) {
    const bool is_abstract = name.starts_with('@');
    if (is_abstract) name.remove_prefix(1);
    name = name.substr(0, kMaxUnixName);
    address_.sun_family = AF_UNIX;
    std::copy(name.begin(), name.end(), address_.sun_path + (is_abstract ? 1 : 0));
    size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + 1);
  }

  static bool fits(std::string_view name) {
    return name.size() <= kMaxUnixName + (name.starts_with('@') ? 1 : 0);
  }

  // Returns the address that `socket` is bound to; empty if it is unbound.
  static std::string of(int socket) {
    sockaddr_un address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        address.sun_family != AF_UNIX || size <= offsetof(sockaddr_un, sun_path) + 1) {
      return "";
    }
    std::string name(address.sun_path, size - offsetof(sockaddr_un, sun_path));
    if (name.front() == '\0') return '@' + name.substr(1);
    return name.substr(0, name.find('\0'));
  }

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  socklen_t size() const { return size_; }

 private:
  sockaddr_un address_{};
  socklen_t size_ = 0;
};

}  // namespace pyfault

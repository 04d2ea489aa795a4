// The address of a Unix socket that has a path.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <string_view>

namespace pyfault {

class UnixAddress {
 public:
  // A path that is too long is cut, and then leads nowhere.
  explicit UnixAddress(std::string_view path) {
    address_.sun_family = AF_UNIX;
    path = path.substr(0, sizeof address_.sun_path - 1);
    std::copy(path.begin(), path.end(), address_.sun_path);
  }

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  static constexpr socklen_t size() { return sizeof(sockaddr_un); }

 private:
  sockaddr_un address_{};
};

}  // namespace pyfault

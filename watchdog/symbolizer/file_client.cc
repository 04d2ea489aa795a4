#include "watchdog/symbolizer/file_client.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace pyfault {
namespace {

int first_descriptor(const msghdr& message) {
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
    return -1;
  }
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return descriptor;
}

}  // namespace

UniqueFd FileClient::debug_file(const std::string& build_id) {
  return ask({WantedFile::kBuildId, 0, 0, {}}, build_id);
}

UniqueFd FileClient::debug_file(std::uint32_t module, std::string_view name, std::uint32_t place) {
  return ask({WantedFile::kDebugLink, module, place, {}}, name);
}

UniqueFd FileClient::ask(FileRequest request, std::string_view name) {
  if (name.size() > kMaxFileName || debug_files_ >= kMaxDebugFiles) return {};
  ++debug_files_;
  std::ranges::copy(name, request.name);
  return ask(request);
}

UniqueFd FileClient::ask(const FileRequest& request) {
  if (::send(socket_, &request, sizeof request, MSG_NOSIGNAL) != sizeof request) return {};
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int))> control{};
  std::byte ignored{};
  iovec body{&ignored, sizeof ignored};
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(socket_, &message, 0) <= 0) return {};
  return UniqueFd(first_descriptor(message));
}

}  // namespace pyfault

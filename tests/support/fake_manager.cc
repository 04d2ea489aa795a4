#include "tests/support/fake_manager.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>

#include "watchdog/os/random_hex.h"
#include "watchdog/os/unix_address.h"

namespace pyfault::test {
namespace {

constexpr std::size_t kMaxDescriptors = 4;

}  // namespace

FakeManager::FakeManager()
    : address_("@pyfault-test-" + random_hex(8)),
      socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  const UnixAddress name(address_);
  if (::bind(socket_.get(), name.get(), name.size()) != 0) {
    throw std::system_error(errno, std::generic_category(), "bind");
  }
}

std::optional<FakeManager::Message> FakeManager::next() const {
  std::array<char, 4096> text;
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(kMaxDescriptors * sizeof(int))> control{};
  iovec body{text.data(), text.size()};
  msghdr header{};
  header.msg_iov = &body;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(socket_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (size < 0) return std::nullopt;
  Message message{std::string(text.data(), static_cast<std::size_t>(size)), {}};
  const cmsghdr* rights = CMSG_FIRSTHDR(&header);
  const std::size_t count = rights ? (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
  std::array<int, kMaxDescriptors> fds{};
  if (count > 0) std::memcpy(fds.data(), CMSG_DATA(rights), count * sizeof(int));
  for (std::size_t i = 0; i < count; ++i) message.descriptors.emplace_back(fds[i]);
  return message;
}

std::vector<std::string> FakeManager::all_texts() const {
  std::vector<std::string> texts;
  for (auto message = next(); message; message = next()) texts.push_back(message->text);
  return texts;
}

}  // namespace pyfault::test

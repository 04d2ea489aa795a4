// Sends arbitrary packets as hellos: none may be mistaken for another message, none may be left in
// the socket, and all descriptors that came along must be closed, except one that may be a ring.
// Interpreters that are left alone must be reported in one line each, and not without limit.
//
// Input: one byte with the number of descriptors to pass (three bits) and whether to pad the packet
// to its full size (the top bit), two bytes of size, then the packet; repeated.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <variant>
#include <vector>

#include "tests/fuzz/fuzz_input.h"
#include "tests/fuzz/require.h"
#include "watchdog/ingest/handshake.h"

namespace pyfault::test {
namespace {

constexpr std::size_t kMaxDescriptors = 7;
constexpr std::size_t kMaxLeftAlone = 64;
constexpr std::size_t kLongestMessage = 200;

// A connected pair of packet sockets, as in the attach protocol.
struct Connection {
  UniqueFd agent;
  UniqueFd watchdog;

  Connection() {
    std::array<int, 2> ends{};
    require(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0,
            "socketpair");
    agent.reset(ends[0]);
    watchdog.reset(ends[1]);
  }
};

void send(int socket, std::vector<std::uint8_t>& packet, std::size_t descriptors) {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(kMaxDescriptors * sizeof(int))> control{};
  iovec body{packet.data(), packet.size()};
  msghdr message{};
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  if (descriptors > 0) {
    const std::vector<int> passed(descriptors, STDERR_FILENO);
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
    std::memcpy(CMSG_DATA(header), passed.data(), descriptors * sizeof(int));
  }
  require(::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == std::ssize(packet),
          "sendmsg");
}

int lowest_free_descriptor() {
  return UniqueFd(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)).get();
}

bool nothing_waits(int socket) {
  char byte = 0;
  return ::recv(socket, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
}

template <typename T>
void require_sent(const T& message, const std::vector<std::uint8_t>& packet) {
  require(packet.size() == sizeof message, "a message of another size");
  require(std::memcmp(&message, packet.data(), sizeof message) == 0, "one that was not sent");
}

void check(const Hello& hello) {
  require(hello.magic == kHandshakeMagic && hello.protocol == kProtocolVersion, "another protocol");
  require(hello.pid > 0, "a pid that is none");
  // The sender counts as dead, because its hello was made before the machine was booted.
  Hello dead = hello;
  dead.boottime_ns = -1;
  const AttachedProcess sender = describe_sender(dead, {1, 0, 0}).attached;
  require(sender.died_after.has_value(), "it lives");
  std::size_t command = 0;
  for (const std::string& argument : sender.process.command) command += argument.size() + 1;
  // Each byte that is not valid UTF-8 is replaced by three.
  require(command <= 3 * sizeof hello.claims.command + 1, "a long command");
}

class ListeningWatchdog {
 public:
  void knock(FuzzInput& input) {
    const auto choice = input.take<std::uint8_t>();
    const std::size_t size = input.take<std::uint16_t>();
    const auto bytes = input.take_bytes(size);
    std::vector<std::uint8_t> packet(bytes.begin(), bytes.end());
    if ((choice & 0x80) != 0) packet.resize(size);
    const int free_before = lowest_free_descriptor();
    const std::size_t descriptors = choice & kMaxDescriptors;
    send(connection_.agent.get(), packet, descriptors);
    {
      const auto message = receive_message(connection_.watchdog.get());
      if (const auto* wake = std::get_if<Wake>(&message)) require_sent(*wake, packet);
      if (const auto* arrival = std::get_if<Arrival>(&message)) {
        require_sent(arrival->hello, packet);
        require(descriptors <= 1 && bool{arrival->ring} == (descriptors == 1), "another ring");
        check(arrival->hello);
        if (arrival->hello.status != ArmStatus::kWillArm) say(arrival->hello);
      }
    }
    require(nothing_waits(connection_.watchdog.get()), "a datagram that is still there");
    require(lowest_free_descriptor() == free_before, "a descriptor that is still open");
  }

 private:
  void say(const Hello& hello) {
    const Unwatched why = why_unwatched(hello);
    require(why.predicate.size() <= kLongestMessage, "a long message");
    require(why.predicate.find('\n') == why.predicate.npos, "more than a line");
    if (left_alone_.is_news(why)) require(++said_ <= kMaxLeftAlone, "said without end");
  }

  Connection connection_;
  ReportedReasons left_alone_;
  std::size_t said_ = 0;
};

}  // namespace
}  // namespace pyfault::test

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pyfault::test::ListeningWatchdog door;
  pyfault::test::FuzzInput input(data, size);
  while (!input.empty()) door.knock(input);
  return 0;
}

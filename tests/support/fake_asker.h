// A process that asks the watchdog for crashes (shared/question.h).
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/question.h"
#include "watchdog/ingest/recent_crashes.h"
#include "watchdog/os/unique_fd.h"
#include "watchdog/os/unix_address.h"

namespace pyfault::test {

inline std::vector<std::byte> question_bytes(QuestionKind kind, const std::vector<int>& pids,
                                             std::uint32_t wait_ms = 0) {
  Question question{kQuestionMagic,
                    kQuestionProtocol,
                    kind,
                    wait_ms,
                    static_cast<std::uint32_t>(pids.size()),
                    {}};
  std::copy(pids.begin(), pids.end(), question.pids);
  const auto bytes = std::as_bytes(std::span(&question, 1));
  const auto size = static_cast<std::ptrdiff_t>(kQuestionHeadSize + 4 * pids.size());
  return {bytes.begin(), bytes.begin() + size};
}

class FakeAsker {
 public:
  // `address` is "@name".
  explicit FakeAsker(const std::string& address)
      : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    const UnixAddress name(address);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    EXPECT_EQ(connect(socket_.get(), name.get(), size), 0);
  }

  void say(std::span<const std::byte> bytes) const {
    ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  void ask(int pid, std::uint32_t wait_ms = 0) const {
    say(question_bytes(QuestionKind::kCrashesOf, {pid}, wait_ms));
  }
  void ask_for_last(std::uint32_t wait_ms = 0) const {
    say(question_bytes(QuestionKind::kLastCrash, {}, wait_ms));
  }
  void ask_for_room() const { say(question_bytes(QuestionKind::kRoom, {})); }
  void hang_up() { socket_.reset(); }

  // Reads what has come. Returns whether that was the last of it.
  bool has_answer() {
    while (!is_over && receive()) continue;
    return is_over;
  }

  std::vector<CrashText> crashes;
  std::string refusal;
  bool has_room = false;
  std::string why_no_room;
  std::optional<std::uint64_t> forgotten;  // none: the answer has no end
  bool is_over = false;                    // the watchdog has closed the connection

 private:
  bool receive() {
    std::vector<char> packet(kMaxAnswerPacket + 1);
    const ssize_t size = ::recv(socket_.get(), packet.data(), packet.size(), 0);
    if (size < 0 && errno == EAGAIN) return false;
    if (size <= 0) {
      is_over = true;
      return false;
    }
    EXPECT_LE(static_cast<std::size_t>(size), kMaxAnswerPacket);
    AnswerHead head{};
    std::memcpy(&head, packet.data(), sizeof head);
    EXPECT_EQ(head.magic, kAnswerMagic);
    document_.append(packet.data() + sizeof head, static_cast<std::size_t>(size) - sizeof head);
    if (head.left == 0) take(head, std::exchange(document_, {}));
    return true;
  }
  void take(const AnswerHead& head, std::string document) {
    switch (head.kind) {
      case AnswerKind::kEvent:
        return crashes.push_back({head.pid, std::move(document), ""});
      case AnswerKind::kReport:
        crashes.back().report = std::move(document);
        return;
      case AnswerKind::kRefused:
        refusal = std::move(document);
        return;
      case AnswerKind::kRoom:
        has_room = true;
        return;
      case AnswerKind::kNoRoom:
        why_no_room = std::move(document);
        return;
      case AnswerKind::kEnd:
        break;
    }
    std::memcpy(&forgotten.emplace(), document.data(), sizeof *forgotten);
  }

  UniqueFd socket_;
  std::string document_;
};

}  // namespace pyfault::test

#include "watchdog/ingest/answer_sender.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace pyfault {

AnswerSender::AnswerSender(AnswerKind kind, std::string text) : is_last_(true) {
  documents_.push_back({kind, 0, std::make_shared<const std::string>(std::move(text))});
}

AnswerSender::Progress AnswerSender::send(int socket, RecentCrashes* crashes) {
  if (documents_.empty() && crashes != nullptr) begin_next(*crashes);
  while (!documents_.empty()) {
    Document& first = documents_.front();
    if (!send_packet(socket, first)) return errno == EAGAIN ? Progress::kFull : Progress::kBroken;
    if (first.sent == first.text->size()) documents_.pop_front();
  }
  return is_last_ ? Progress::kDone : Progress::kMore;
}

void AnswerSender::begin_next(RecentCrashes& crashes) {
  if (rest_.empty()) return add_end(crashes.forgotten());
  const auto text = crashes.text(rest_.front());
  rest_.pop_front();
  if (text == nullptr) return;
  documents_.push_back({AnswerKind::kEvent, text->pid, {text, &text->event}});
  documents_.push_back({AnswerKind::kReport, text->pid, {text, &text->report}});
}

void AnswerSender::add_end(std::uint64_t forgotten) {
  const AnswerEnd end{forgotten};
  const auto text =
      std::make_shared<const std::string>(reinterpret_cast<const char*>(&end), sizeof end);
  documents_.push_back({AnswerKind::kEnd, 0, text});
  is_last_ = true;
}

// Returns false, with errno set, if nothing was sent. An empty document is one packet too.
bool AnswerSender::send_packet(int socket, Document& document) {
  std::array<char, kMaxAnswerPacket> packet;
  const std::size_t left = document.text->size() - document.sent;
  const std::size_t piece = std::min(left, packet.size() - sizeof(AnswerHead));
  const AnswerHead head{kAnswerMagic, kQuestionProtocol, document.kind, document.pid,
                        static_cast<std::uint32_t>(left - piece)};
  std::memcpy(packet.data(), &head, sizeof head);
  std::memcpy(packet.data() + sizeof head, document.text->data() + document.sent, piece);
  const std::size_t size = sizeof head + piece;
  if (::send(socket, packet.data(), size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) return false;
  document.sent += piece;
  return true;
}

}  // namespace pyfault

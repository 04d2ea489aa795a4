#include "watchdog/ingest/question_server.h"

#include <cerrno>
#include <utility>

#include "watchdog/enrich/pid_namespace.h"
#include "watchdog/enrich/process_info.h"
#include "watchdog/ingest/notice.h"

namespace pyfault {
namespace {

using Clock = std::chrono::steady_clock;

// How often a question is looked at while it waits for the death of a process, or for its asker to
// read. (A crash that it waits for calls by itself.)
constexpr std::chrono::milliseconds kTick{20};
constexpr std::chrono::seconds kTimeToRead{2};
constexpr RateLimit kNotices{.burst = 5, .interval = std::chrono::minutes(1), .group = 1};

constexpr char kOtherNamespace[] =
    "the asker is in another PID namespace than the watchdog, where processes have other numbers";
constexpr char kNothingKept[] = "this watchdog remembers no crashes";

// An asker sends nothing after its question.
bool has_hung_up(int socket) {
  char byte = 0;
  return ::recv(socket, &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0 || errno != EAGAIN;
}

}  // namespace

QuestionServer::QuestionServer(boost::asio::io_context& io, EventSink& next,
                               std::shared_ptr<RecentCrashes> crashes, std::size_t most,
                               HeldQuestion::MayCrash may_crash, KeepRoom keep_room)
    : next_(next),
      crashes_(std::move(crashes)),
      most_(most),
      may_crash_(std::move(may_crash)),
      keep_room_(std::move(keep_room)),
      notices_(kNotices),
      on_news_(std::make_shared<const RecentCrashes::OnNews>([this] {
        if (!askers_.empty()) going_on_.request();
      })),
      going_on_(io, [this] { go_on(); }),
      tick_(io) {
  if (crashes_) crashes_->on_news(on_news_);
}

void QuestionServer::on_event(Event event) {
  if (crashes_) crashes_->announce(event);
  next_.on_event(std::move(event));
}

void QuestionServer::take(UniqueFd socket, const ucred& peer, Asked question) {
  Asker asker;
  asker.socket = std::move(socket);
  asker.peer = peer;
  const auto* refused = std::get_if<RefusedQuestion>(&question);
  if (refused != nullptr) {
    asker.answer.emplace(AnswerKind::kRefused, refused->reason);
  } else if (std::holds_alternative<RoomQuestion>(question)) {
    asker.answer.emplace(tell_of_room(peer));
  } else if (!crashes_) {
    asker.answer.emplace(AnswerKind::kRefused, kNothingKept);
  } else if (is_in_another_pid_namespace(peer.pid)) {
    asker.answer.emplace(AnswerKind::kRefused, kOtherNamespace);
  } else {
    asker.question.emplace(std::get<CrashQuestion>(std::move(question)), Clock::now());
  }
  admit(std::move(asker));
}

AnswerSender QuestionServer::tell_of_room(const ucred& asker) const {
  auto reason = keep_room_(asker);
  if (reason) return {AnswerKind::kNoRoom, *std::move(reason)};
  return {AnswerKind::kRoom, ""};
}

void QuestionServer::admit(Asker asker) {
  asker.time_to_read = Clock::now() + kTimeToRead;
  if (askers_.size() >= most_) askers_.pop_front();
  askers_.push_back(std::move(asker));
  going_on_.request();
}

void QuestionServer::go_on() {
  const Time now = Clock::now();
  std::erase_if(askers_, [&](Asker& each) { return !goes_on(each, now); });
  if (!askers_.empty()) tick_.start(kTick, [this] { going_on_.request(); });
  tell_of_unread();
}

// Returns false when the connection is to be closed.
bool QuestionServer::goes_on(Asker& asker, Time now) {
  if (!asker.answer) {
    if (has_hung_up(asker.socket.get())) return false;
    if (!is_answered(asker, now)) return true;
  }
  switch (asker.answer->send(asker.socket.get(), crashes_.get())) {
    case AnswerSender::Progress::kMore:
      asker.time_to_read = now + kTimeToRead;
      going_on_.request();
      return true;
    case AnswerSender::Progress::kFull:
      if (now < asker.time_to_read) return true;
      unread_.push_back(asker.peer.pid);
      return false;
    case AnswerSender::Progress::kDone:
    case AnswerSender::Progress::kBroken:
      break;
  }
  return false;
}

bool QuestionServer::is_answered(Asker& asker, Time now) {
  if (!asker.question->is_due(now, *crashes_, may_crash_)) return false;
  asker.answer.emplace(asker.question->answer(*crashes_, asker.peer.uid));
  asker.time_to_read = now + kTimeToRead;
  return true;
}

// Not while the askers are looked at: the handler of an event may close this server.
void QuestionServer::tell_of_unread() {
  for (const int pid : std::exchange(unread_, {})) {
    if (!notices_.admit(Clock::now())) continue;
    Process asker = read_process(pid).value_or(Process{});
    asker.pid = pid;
    std::string message = name_and_pid(asker) + " asked and did not read the answer";
    next_.on_event(notice(std::move(asker), std::move(message)));
  }
}

}  // namespace pyfault

// Answers processes that ask which crash another one had, or whether there is room for them
// (shared/question.h).
//
// A question for crashes is held until it is due (question.h), and its answer is sent as the asker
// reads it. An asker that does not read, or that comes when there are too many, costs a bounded
// amount of memory and is dropped; the loop never waits for it.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/event/event_sink.h"
#include "watchdog/ingest/answer_sender.h"
#include "watchdog/ingest/question.h"
#include "watchdog/ingest/rate_limiter.h"
#include "watchdog/ingest/recent_crashes.h"
#include "watchdog/loop/deferred.h"
#include "watchdog/loop/timer.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {

// As an EventSink it stands between the sessions and those who report their events: a crash that
// passes here is awaited by all questions for it.
class QuestionServer final : public EventSink {
 public:
  // Keeps room for the asker, or returns why there is none.
  using KeepRoom = std::function<std::optional<std::string>(const ucred& asker)>;

  // `crashes` may be null; questions for crashes are refused then. `most`: questions at a time.
  QuestionServer(boost::asio::io_context& io, EventSink& next,
                 std::shared_ptr<RecentCrashes> crashes, std::size_t most,
                 HeldQuestion::MayCrash may_crash, KeepRoom keep_room);
  QuestionServer(const QuestionServer&) = delete;
  QuestionServer& operator=(const QuestionServer&) = delete;

  void on_event(Event event) override;

  // Answers not before the next turn of the loop, when what was requested before has been done.
  void take(UniqueFd socket, const ucred& peer, Asked question);

  // Drops all questions.
  void close() { askers_.clear(); }

 private:
  using Time = HeldQuestion::Time;

  struct Asker {
    UniqueFd socket;
    ucred peer{};
    std::optional<HeldQuestion> question;  // until it is answered
    std::optional<AnswerSender> answer;
    Time time_to_read;  // ends then
  };

  AnswerSender tell_of_room(const ucred& asker) const;
  void admit(Asker asker);
  void go_on();
  bool goes_on(Asker& asker, Time now);
  bool is_answered(Asker& asker, Time now);
  void tell_of_unread();

  EventSink& next_;
  const std::shared_ptr<RecentCrashes> crashes_;
  const std::size_t most_;
  const HeldQuestion::MayCrash may_crash_;
  const KeepRoom keep_room_;
  std::list<Asker> askers_;  // oldest first
  std::vector<int> unread_;  // pids of askers that did not read, still to be told of
  RateLimiter notices_;
  const std::shared_ptr<const RecentCrashes::OnNews> on_news_;
  Deferred going_on_;
  Timer tick_;
};

}  // namespace pyfault

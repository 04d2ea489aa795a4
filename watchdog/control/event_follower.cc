#include "watchdog/control/event_follower.h"

#include <algorithm>
#include <utility>

#include "watchdog/format/colour.h"
#include "watchdog/format/format.h"

namespace pyfault {
namespace {

std::uint64_t begin_of(const EventTail& tail, const EventsRequest& request) {
  const std::uint64_t kept = tail.end() - tail.first();
  return tail.end() - std::min<std::uint64_t>(kept, request.last.value_or(kept));
}

}  // namespace

std::string render(const Event& event, ReportFormat format) {
  switch (format) {
    case ReportFormat::kJson:
      return format_json(event);
    case ReportFormat::kColoured:
      return format_coloured_text(event);
    case ReportFormat::kText:
      break;
  }
  return format_text(event);
}

EventFollower::EventFollower(const EventTail& tail, std::weak_ptr<ControlSession> session,
                             const EventsRequest& request)
    : tail_(tail),
      session_(std::move(session)),
      request_(request),
      next_(begin_of(tail, request)) {}

void EventFollower::pump() {
  const auto session = session_.lock();
  if (!session || done_) return;
  session->on_written([self = shared_from_this()] { self->pump(); });
  tell_of_lost(*session);
  for (; next_ < tail_.end() && session->has_room(); ++next_) {
    std::string text = render(tail_.at(next_), request_.format);
    if (!text.empty()) session->send(ReportText{std::move(text)});
  }
  if (request_.follow || next_ < tail_.end()) return;
  done_ = true;
  session->send(Done{});
}

void EventFollower::tell_of_lost(ControlSession& session) {
  if (next_ >= tail_.first()) return;
  session.send(LostEvents{tail_.first() - next_});
  next_ = tail_.first();
}

}  // namespace pyfault

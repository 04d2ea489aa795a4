// The crashes of the last processes, for those who ask (question.h): bounded in number and in
// bytes. When room is needed, the oldest crash of the user who has the most (in number, or in
// bytes) is forgotten, and counted. So the programs of one user, however often they crash, do not
// push out the crashes of users who have fewer.
//
// A crash comes here twice: when its record has been decoded, and again as the event that the logs
// get, with its native stack and source lines. An asker waits for the latter, but not for ever.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "watchdog/event/event_sink.h"
#include "watchdog/event/redaction.h"
#include "watchdog/ingest/saved_crash.h"

namespace pyfault {

// A crash as it is told to an asker.
struct CrashText {
  int pid = 0;
  std::string event;   // JSON
  std::string report;  // text
};

// What events here do not say themselves, because it is added on their way to the logs.
struct CrashOrigin {
  std::string host{};
  std::optional<std::string> worker = std::nullopt;
};

class RecentCrashes final : public EventSink {
 public:
  using Format = std::string (*)(const Event&);
  using Number = std::uint64_t;  // of a crash, counted from 0

  RecentCrashes(Format event, Format report, CrashOrigin origin = {},
                const RecentLimits& limits = {})
      : event_(event), report_(report), origin_(std::move(origin)), limits_(limits) {}

  // What no asker is told, from now on.
  void set_redaction(const RedactionSettings& settings) { redaction_ = Redaction(settings); }

  // Called when a crash has become known as a whole, as long as the function exists.
  using OnNews = std::function<void()>;
  void on_news(std::weak_ptr<const OnNews> on_news) { on_news_ = std::move(on_news); }

  // A crash as its record has it. Ignores all other events, here and below.
  void announce(const Event& event);

  // The same crash as the logs get it. If it has been abridged for them, what was announced stays.
  void on_event(Event event) override;

  // Whether a crash (of this process) has been announced and nothing more has been heard of it.
  bool awaits(int pid) const;
  bool awaits_any() const;

  // Whether a crash of this process is known, announced ones included.
  bool knows(int pid) const;

  // The last crash of a process, or of all, that a process of user `asker` may know of.
  std::optional<Number> last_of(int pid, uid_t asker) const;
  std::optional<Number> last(uid_t asker) const;

  // Renders a crash the first time that it is asked for. Null if it has been forgotten.
  std::shared_ptr<const CrashText> text(Number number);

  std::uint64_t forgotten() const { return next_ - kept_.size(); }

  // The last crashes for the next watchdog, the oldest first, within `limits`. Renders them all, so
  // it is for the end.
  std::vector<SavedCrash> saved(const RecentLimits& limits);

  // What a previous watchdog has saved is told from now on, as it was told then.
  void adopt(std::vector<SavedCrash> saved);

 private:
  using Text = std::shared_ptr<const CrashText>;

  struct Kept {
    Number number = 0;
    std::string id;
    int pid = 0;
    std::optional<uid_t> uid{};  // none: unknown
    bool is_confirmed = true;    // the pid
    bool is_awaited = false;
    std::variant<Event, Text> crash{};
    std::size_t bytes = 0;
  };

  static bool may_know(uid_t asker, const Kept& kept);
  std::optional<Number> last_that(const std::function<bool(const Kept&)>& fits) const;
  void add(Event event, bool is_awaited);
  void complete(Kept& kept, Event event);
  void keep(Kept& kept, Event event);
  void weigh(Kept& kept, std::size_t bytes);
  std::deque<Kept>::iterator find(Number number);
  void forget_what_is_too_much();
  std::deque<Kept>::iterator oldest_of_the_largest_share();

  const Format event_;
  const Format report_;
  const CrashOrigin origin_;
  const RecentLimits limits_;
  Redaction redaction_;
  std::weak_ptr<const OnNews> on_news_;
  std::deque<Kept> kept_;  // the oldest first
  Number next_ = 0;        // number of the next crash
  std::size_t bytes_ = 0;
};

}  // namespace pyfault

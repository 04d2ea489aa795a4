// The processes below a worker or program that are known not to be watched: a search has found
// them, or they have said so themselves. Each is held until it ends, and its end is reported with
// the reason why it has left no record.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "watchdog/event/event_sink.h"
#include "watchdog/ingest/rate_limiter.h"
#include "watchdog/ingest/unwatched_process.h"
#include "watchdog/ingest/unwatched_search.h"
#include "watchdog/loop/deferred.h"
#include "watchdog/loop/readable_fd.h"

namespace pyfault {

class UnwatchedBelow {
 public:
  // The ends of processes beyond these are not seen, nor those of new ones while descriptors are
  // short.
  static constexpr std::size_t kMax = 256;

  // `all_exits`: clean ends are reported too. A null `search` finds nothing. `events` outlives
  // this, and its handler may call close().
  UnwatchedBelow(boost::asio::io_context& io, EventSink& events,
                 std::shared_ptr<UnwatchedSearch> search, bool all_exits);
  ~UnwatchedBelow() { leave_search(); }
  UnwatchedBelow(const UnwatchedBelow&) = delete;
  UnwatchedBelow& operator=(const UnwatchedBelow&) = delete;

  // Begins to search below process `root`, instead of below any other. `watched` returns the
  // processes that need no look; `on_found` is called for each that is found.
  void search_below(int root, std::function<std::set<int>()> watched,
                    std::function<void(const UnwatchedProcess&)> on_found);
  bool is_searching() const { return search_id_.has_value(); }

  // Holds a process of which the log is told as well. Does nothing if it has ended.
  void add(UnwatchedProcess unwatched);

  // Holds those that a previous watchdog held. Ends that nobody has seen are reported later.
  void adopt(std::vector<UnwatchedProcess> saved);

  // The process is watched after all.
  void forget(int pid) { held_.erase(pid); }

  std::size_t size() const { return held_.size(); }

  // For the watchdog that takes over.
  std::vector<UnwatchedProcess> saved() const;

  // Reports those that have ended by now.
  void drain();

  // Ends the search, and reports no further ends.
  void close();

 private:
  struct Held {
    UnwatchedProcess unwatched;
    ReadableFd pidfd;
  };

  enum class Hold { kHeld, kGone, kNoRoom };

  void leave_search();
  Hold hold(const UnwatchedProcess& unwatched);
  void on_end(int pid);
  void report_end(UnwatchedProcess unwatched, std::optional<int> wait_status);
  void report_gone();
  void report_left_out();

  boost::asio::io_context& io_;
  EventSink& events_;
  std::shared_ptr<UnwatchedSearch> search_;
  bool all_exits_;
  std::optional<UnwatchedSearch::Id> search_id_;
  std::map<int, Held> held_;            // by pid
  std::vector<UnwatchedProcess> gone_;  // whose ends are still to be reported
  Deferred reporting_gone_{io_, [this] { report_gone(); }};
  RateLimiter ends_;
  bool is_full_told_ = false;
};

}  // namespace pyfault

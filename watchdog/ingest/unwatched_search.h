// Searches for Pythons below a worker, or below the program of --exec, that are not watched and
// have not said why.
//
// Walks the processes below each worker, at growing intervals, and looks in /proc whether an agent
// is in them. A process counts as unwatched when two looks agree on the reason, because it may only
// just have started when the first one was taken. One search serves all workers of a watchdog: a
// round walks over those that are due, takes a bounded number of looks, and leaves the rest to the
// next round. Walks and looks are taken on a thread of their own, because a process can block
// whoever reads its memory. One that does so is not looked at again until that look has ended.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "watchdog/enrich/descendants.h"
#include "watchdog/enrich/watch_signs.h"
#include "watchdog/event/event.h"
#include "watchdog/ingest/search_pace.h"
#include "watchdog/ingest/unwatched_process.h"
#include "watchdog/loop/background.h"
#include "watchdog/loop/timer.h"

namespace pyfault {

struct SearchBounds {
  // For one round, over all roots.
  std::size_t reads = 4096;  // of files in /proc, for walks
  std::size_t looks = 64;

  std::chrono::milliseconds first_wait = SearchPace::kFirst;
};

class UnwatchedSearch {
 public:
  // Who wants to hear of unwatched processes.
  struct Client {
    std::function<std::set<int>()> watched;  // need no look
    std::function<bool(int pid)> is_held;    // it is known to be unwatched
    std::function<void(const UnwatchedProcess&)> on_found;
    // A held one has a ring after all, of whatever watchdog, or is no Python any more.
    std::function<void(int pid)> on_cleared;
  };
  using Id = std::uint64_t;

  explicit UnwatchedSearch(boost::asio::io_context& io,
                           const SearchBounds& bounds = SearchBounds());
  UnwatchedSearch(const UnwatchedSearch&) = delete;
  UnwatchedSearch& operator=(const UnwatchedSearch&) = delete;

  // Begins to search below process `pid`, until it is gone or leave() is called, which the client
  // may do from within its callbacks.
  Id follow(int pid, Client client);
  void leave(Id id);

  // Ends the search and its thread. To be called before a fork after which it is not needed.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;

  // What a look has found; filled on the helper thread.
  struct Look {
    std::atomic<bool> has_begun = false;
    std::atomic<bool> has_ended = false;
    std::optional<WatchSigns> signs;
    Process process;
  };

  // A process below a root.
  struct Known {
    std::uint64_t start_ticks = 0;
    std::uint64_t looked = 0;  // the number of the last look at it; 0: none yet
    std::optional<UnwatchedReason> suspected{};
    bool is_told = false;
    std::shared_ptr<const Look> late{};  // a look that was not done in time
    int absences = 0;                    // walks in a row that have not found it
  };

  struct Root {
    Descendant process;
    Client client;
    SearchPace pace;
    std::map<int, Known> below{};
    bool has_more = false;  // than there were looks for in the last round
  };

  // The processes below one root; nullopt: the root is gone.
  struct Walk {
    Id root = 0;
    std::optional<std::vector<Descendant>> found{};
  };

  struct Subject {
    Id root = 0;
    Descendant process;
  };

  // For a client, once the round has ended.
  struct News {
    Subject subject;
    std::optional<UnwatchedProcess> found;  // nullopt: cleared
  };

  static std::vector<Walk> walk(const std::vector<Subject>& roots, std::size_t reads);
  static void look_at(const Descendant& subject, Look& look);
  static void update(Root& root, const std::vector<Descendant>& found);

  void plan_round();
  void begin_round();
  void on_walked(const std::vector<Walk>& walks);
  void begin_looks();
  bool begin_look(const Subject& subject);
  void on_look(const Subject& subject, const std::shared_ptr<const Look>& look, bool done);
  void note_signs(const Subject& subject, Known& known, const Look& look);
  void end_round_if_done();
  void tell(News news);
  Known* find(const Subject& subject);

  boost::asio::io_context& io_;
  const SearchBounds bounds_;
  std::map<Id, Root> roots_;
  Id next_id_ = 1;
  std::vector<Id> round_;  // the roots in the round that is under way
  bool is_under_way_ = false;
  bool is_refused_ = false;  // there was no thread for a walk or look of this round
  std::deque<News> news_;
  std::size_t awaited_ = 0;                 // looks
  std::uint64_t looks_ = 0;                 // so far
  std::unique_ptr<Background> background_;  // from the first round on
  Timer timer_;
};

}  // namespace pyfault

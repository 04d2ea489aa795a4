// Accepts agents: the listening sockets, the pipe by which agents wake the watchdog, and one
// AgentSession per ring. Questions that come by the same door go to the QuestionServer.
#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/event/event_sink.h"
#include "watchdog/ingest/attached_processes.h"
#include "watchdog/ingest/crash_looks.h"
#include "watchdog/ingest/rate_limiter.h"
#include "watchdog/ingest/recent_crashes.h"
#include "watchdog/ingest/saved_session.h"
#include "watchdog/ingest/unwatched_search.h"
#include "watchdog/os/ledger.h"
#include "watchdog/os/program_file.h"

namespace boost::asio {
class io_context;
}

namespace pyfault {

struct AttachLimits {
  std::chrono::milliseconds hello_timeout{2000};
  std::size_t half_open = 64;             // open connections; beyond that the oldest is closed
  std::size_t sessions = 8192;            // in total
  std::size_t sessions_per_process = 64;  // one for each exec that left children behind
  std::size_t sessions_per_user = 8192;
  bool any_user = false;   // else only this user, root, and who descends from this process
  RateLimit records{};     // per session, which is a process and its forked children
  bool all_exits = false;  // otherwise only unclean exits of watched processes are reported
  int dump_signal = 0;     // real-time signal that makes agents record a dump; 0: none
  // Agents record a dump when another process sends one of these to a program that handles it.
  std::vector<int> dump_before = {SIGABRT};
  NativeSettings native{};  // what is wanted of native stacks
  // Shared by all attach servers of this watchdog.
  std::shared_ptr<AttachedProcesses> attached = std::make_shared<AttachedProcesses>();
  // What processes may ask for (shared/question.h). The owner of the server adds each crash when it
  // goes to the logs. Null: questions for crashes are refused.
  std::shared_ptr<RecentCrashes> crashes = nullptr;
  // Searches for processes below that are not watched; shared by all attach servers of this
  // watchdog. Null: none are searched for.
  std::shared_ptr<UnwatchedSearch> search = nullptr;
  std::size_t askers = 64;  // questions that are being answered; beyond that the oldest is dropped
};

// Stores what the next watchdog needs to take over the sessions.
struct SessionKeeper {
  // Called before the agent sees that its ring is taken. Returns false if the session could not be
  // stored, or is not yet; then `kept` is called if it is later. The agent sees that too, and
  // attaches again before it records a crash in the meantime.
  std::function<bool(std::uint64_t id, int ring, std::function<void()> kept)> keep;
  // Called before the agent sees it as well, but once saved() includes the new session.
  std::function<void()> save;
  std::function<void(std::uint64_t id)> drop;
  // Called for each record that is about to be reported, and each count of lost ones; see
  // Event::receipt.
  TakeReceipt receipt{};
};

// What a previous watchdog has left.
struct InheritedServer {
  std::vector<UniqueFd> listeners;
  std::vector<InheritedSession> sessions;
  int leader = 0;  // the worker, if it is not a child of this process
  std::vector<UnwatchedProcess> unwatched_below{};
};

class AttachServer {
 public:
  // Called for every process that attaches, as it is at that time.
  using AttachHandler = std::function<void(const Process&)>;
  using ContextHandler = std::function<void(int pid, const Context& context)>;

  // Listens at once, under a name of its own (agent_listener.h), or takes over from a previous
  // watchdog: an inherited session that is not valid is reported in a notice and dropped. `events`
  // receives crashes, dumps, exits, unwatched processes and notices, without host and worker; it
  // must outlive the server. Throws std::system_error, and std::runtime_error if the inherited
  // listeners are not valid.
  AttachServer(boost::asio::io_context& io, EventSink& events, const AttachLimits& limits = {},
               AttachHandler on_attach = {}, std::optional<InheritedServer> inherited = {});
  ~AttachServer();

  // Takes effect from now on. Without a keeper nothing is stored.
  void set_keeper(SessionKeeper keeper);

  // Duplicated descriptors and session states, for a keeper.
  std::vector<UniqueFd> listeners() const;
  std::vector<SavedSession> saved() const;
  std::vector<UnwatchedProcess> saved_unwatched() const;

  // The value for PYFAULT_SOCKET.
  const std::string& address() const;

  // Handles every ring now: published records, and what dead processes have left. Reports how many
  // records were left out.
  void drain();

  // The program has been started as process `pid`: an event is reported if it is not watched, and
  // for each Python below it that is not. `file` describes the executed file, if that is known.
  void expect(int pid, const ProgramFile& file = {});

  // The number of living processes with an active agent, and of rings.
  std::size_t watched() const;
  std::size_t sessions() const;

  // The number of living processes below the program that are known not to be watched.
  std::size_t unwatched_below() const;

  // Whether `pid` is alive and has an active agent.
  bool watches(int pid) const;

  // The living processes in which a fault has become an exception.
  std::vector<int> tainted() const;

  // Stops listening and drops all sessions, so that io.run() can return. Undelivered records are
  // lost, so call drain() first. The keeper is not told.
  void close();

  // Sets a callback for when no session is left, because the last watched process has ended or
  // executed another program. Processes may attach again later.
  void on_last_session_end(std::function<void()> deserted);

  // Sets a callback for what a process of ours has said about itself, called when it has ended,
  // however that was, and before its end is reported if it is.
  void on_last_context(ContextHandler handler);

  // Called when this watchdog is no longer an ancestor of the processes that it watches: from now
  // on every process whose user it has watched before may attach.
  void allow_known_users();

  // Called before close(): leaves the socket files for the next watchdog.
  void leave();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace pyfault

// The door for agents: a listening socket, the pipe by which they wake us, and one AgentSession for
// each ring.
#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "watchdog/event/event.h"
#include "watchdog/ingest/attached_processes.h"
#include "watchdog/ingest/record_limit.h"
#include "watchdog/ingest/session_memory.h"
#include "watchdog/os/program_file.h"

namespace boost::asio {
class io_context;
}

namespace pyfault {

struct AttachLimits {
  std::chrono::milliseconds hello_timeout{2000};
  std::size_t half_open = 64;             // open connections; the oldest gives way
  std::size_t sessions = 8192;            // in all
  std::size_t sessions_per_process = 64;  // one for each exec that left children behind
  RecordAllowance records{};              // of a session: a process and what it forks
  bool all_exits = false;  // else of the processes that were watched only abnormal ends are told
  int dump_signal = 0;     // real-time: agents record their stacks when it comes; 0: none
  // Agents record their stacks when another process sends one of these to a program that handles
  // it.
  std::vector<int> dump_before = {SIGABRT};
  // Where there are other doors: that of all of them.
  std::shared_ptr<AttachedProcesses> attached = std::make_shared<AttachedProcesses>();
};

// Looks after what a watchdog that comes after us would need to go on with the sessions.
struct SessionKeeper {
  // Before the agent hears that we have it. False: it could not be kept; the agent hears that too,
  // and attaches anew before it records a crash, should the watchdog be another by then.
  std::function<bool(std::uint64_t id, int ring)> keep;
  // Likewise; memory() knows of the new session then.
  std::function<void()> save;
  std::function<void(std::uint64_t id)> drop;
  // For each crash or dump that is taken to be reported; see Event::receipt.
  std::function<std::shared_ptr<const void>(const std::string& id)> receipt{};
};

// What a watchdog before us has left.
struct KeptServer {
  std::vector<UniqueFd> listeners;
  std::vector<KeptSession> sessions;
  int leader = 0;  // the worker, that is no child of ours
};

class AttachServer {
 public:
  // Crash, dump, exit, unwatched and notice events; host and worker are not filled in. Called from
  // the loop's thread.
  using EventHandler = std::function<void(Event)>;

  // Called with every process that attaches, as it is then.
  using AttachHandler = std::function<void(const Process&)>;

  // Listens at once, under a name of its own (door.h). Throws std::system_error.
  AttachServer(boost::asio::io_context& io, EventHandler on_event, const AttachLimits& limits = {},
               AttachHandler on_attach = {});

  // Goes on where another has been. A session that is none is said in a notice and left out. Throws
  // std::runtime_error when the listeners are none.
  AttachServer(boost::asio::io_context& io, EventHandler on_event, const AttachLimits& limits,
               AttachHandler on_attach, KeptServer kept);
  ~AttachServer();

  // From here on. Without one nothing is kept.
  void set_keeper(SessionKeeper keeper);

  // Duplicates, for a keeper.
  std::vector<UniqueFd> listeners() const;
  std::vector<SessionMemory> memory() const;

  // The value for PYFAULT_SOCKET.
  const std::string& address() const;

  // Looks at every ring now: published records, and what processes that died have left. Says how
  // many records were left out.
  void drain();

  // The program has been started as this process: should it not be watched, that is an event.
  // `file` is what was executed, where that is known.
  void expect(int pid, const ProgramFile& file = {});

  // How many processes that live have an agent at work, and in how many rings.
  std::size_t watched() const;
  std::size_t sessions() const;

  // Whether an agent is at work in that process, which lives.
  bool watches(int pid) const;

  // Stops listening and drops all sessions, so that io.run() can return. Undelivered records are
  // lost: drain() first. The keeper is not told.
  void close();

  // From here on: called when the last process that was watched has ended, or has become something
  // else; it may come back.
  void on_deserted(std::function<void()> deserted);

  // We have left the tree of processes that we watch: from here on whoever is of a user that we
  // have watched may attach.
  void go_on_alone();

  // Before close(): leaves the way in, and the sessions, to a watchdog after us.
  void leave();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace pyfault

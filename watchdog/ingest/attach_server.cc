#include "watchdog/ingest/attach_server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/ring_reader.h"
#include "watchdog/enrich/process_info.h"
#include "watchdog/ingest/agent_listener.h"
#include "watchdog/ingest/agent_session.h"
#include "watchdog/ingest/expected_program.h"
#include "watchdog/ingest/handshake.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/ingest/question_server.h"
#include "watchdog/ingest/rate_limiter.h"
#include "watchdog/ingest/room_keeper.h"
#include "watchdog/ingest/unwatched_below.h"
#include "watchdog/loop/acceptor.h"
#include "watchdog/loop/deferred.h"
#include "watchdog/loop/readable_fd.h"
#include "watchdog/loop/timer.h"
#include "watchdog/os/clock.h"
#include "watchdog/os/descriptor_limit.h"
#include "watchdog/os/pidfd.h"
#include "watchdog/os/seqpacket.h"

namespace pyfault {
namespace {

using boost::asio::io_context;

// Bounds what is accepted along with a look at all rings.
constexpr int kAcceptsPerPoll = 32;
// Bounds what is accepted before the end of a process is reported: what a listener's queue holds
// (net.core.somaxconn).
constexpr int kAcceptsBeforeEnd = 4096;
// Bounds a drain; more than a listener's queue holds.
constexpr int kAcceptsPerDrain = 100'000;
constexpr std::size_t kWakesPerWakeup = 512;

bool is_alive(int pid) {
  const UniqueFd process = open_pidfd(pid);
  return process && !has_exited(process.get());
}

}  // namespace

// Callbacks refer to connections and sessions by id, because these may be gone by then.
class AttachServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(io_context& io, EventSink& events, const AttachLimits& limits, AttachHandler on_attach,
       std::optional<InheritedServer>& inherited);

  const std::string& address() const { return agent_listener_.address(); }
  void start_accepting();
  void drain();
  void expect(int pid, const ProgramFile& file);
  bool watches(int pid) const;
  std::vector<int> tainted() const;
  std::size_t watched() const;
  std::size_t sessions() const { return sessions_.size(); }
  std::size_t unwatched_below() const { return unwatched_below_.size(); }
  std::vector<UnwatchedProcess> saved_unwatched() const { return unwatched_below_.saved(); }
  void close();
  void adopt(std::vector<InheritedSession> sessions);
  void set_keeper(SessionKeeper keeper) { keeper_ = std::move(keeper); }
  std::vector<UniqueFd> listeners() const;
  std::vector<SavedSession> saved() const;
  void leave() { agent_listener_.leave(); }
  void on_last_session_end(std::function<void()> deserted) { deserted_ = std::move(deserted); }
  void on_last_context(ContextHandler handler) { last_context_ = std::move(handler); }
  void allow_known_users() { is_alone_ = true; }

 private:
  using Id = std::uint64_t;

  // An open connection: its agent is about to say hello, or waits until its ring has been handled.
  struct Connection {
    Connection(io_context& io, UniqueFd fd, const ucred& credentials,
               std::function<void()> on_readable)
        : peer(credentials), deadline(io), socket(io, std::move(fd), std::move(on_readable)) {}

    ucred peer;
    Timer deadline;
    ReadableFd socket;
  };

  void accept_now(int most);
  void welcome(UniqueFd socket);
  bool is_admitted(const ucred& peer);
  Receipt enter_arrival(int pid);
  void keep_open(UniqueFd socket, const ucred& peer);
  void listen_to(Id id);
  void take(Arrival arrival, const Connection& connection);
  void take(Asked question, const Connection& connection);
  void attach(Arrival arrival, SavedFamily sender, UniqueFd pidfd);
  void require_room_for(const AttachedProcess& process, RingMemory& ring);
  std::optional<std::string> keep_room(const ucred& asker);
  const char* why_no_room(int pid, uid_t uid);
  void listen();
  void listen_to_wake_pipe();
  void take_wake_ups();
  void poll(std::uint64_t ring);
  void poll_all();
  SessionSettings session_settings(std::uint64_t ring);
  AgentSession& begin_session(SavedSession session, RingMemory memory, std::uint64_t ring,
                              UniqueFd pidfd);
  AgentSession& add_session(SavedSession&& session, RingMemory memory, std::uint64_t ring,
                            UniqueFd pidfd = {});
  void catch_up_later(Id id);
  void adopt(InheritedSession inherited);
  std::function<void()> when_kept(Id id);
  void drop(Id id);
  void end_session(Id id);
  bool should_report_shortage();
  void report_shortage(const std::string& message);
  void report_no_room(int pid, const char* reason);
  void report_expected(int pid, const Unwatched& why);
  void report_unwatched(Process process, const Unwatched& why);
  void report_left_out();
  std::set<int> watched_pids() const;
  void forget_executed(int pid);
  void note_unwatched(const SavedFamily& sender, Unwatched why);

  io_context& io_;
  EventSink& events_;
  AttachHandler on_attach_;
  AttachLimits limits_;
  SessionKeeper keeper_;
  CrashLooks looks_;
  AgentListener agent_listener_;
  int leader_ = 0;
  std::vector<Acceptor> listeners_;
  std::optional<ReadableFd> wake_pipe_;
  RoomKeeper room_;
  QuestionServer questions_;
  std::map<Id, Connection> connections_;  // oldest first
  std::map<Id, AgentSession> sessions_;
  std::unordered_map<std::uint64_t, Id> by_ring_;
  std::set<uid_t> users_;  // of the processes that were admitted
  bool is_alone_ = false;
  std::function<void()> deserted_;
  ContextHandler last_context_;
  Deferred polling_all_{io_, [this] { poll_all(); }};
  Id next_id_ = 0;
  ExpectedProgram expected_{io_,
                            [this](int pid, const Unwatched& why) { report_expected(pid, why); }};
  ReportedReasons left_alone_;
  UnwatchedBelow unwatched_below_;
  bool shortage_reported_ = false;
  RateLimiter shortages_;
  RateLimiter unwatched_;
};

AttachServer::Impl::Impl(io_context& io, EventSink& events, const AttachLimits& limits,
                         AttachHandler on_attach, std::optional<InheritedServer>& inherited)
    : io_(io),
      events_(events),
      on_attach_(std::move(on_attach)),
      limits_(limits),
      looks_(io, limits.native),
      agent_listener_({limits.dump_signal, limits.dump_before},
                      inherited ? std::optional(std::move(inherited->listeners)) : std::nullopt),
      leader_(inherited ? inherited->leader : 0),
      room_({limits.sessions, limits.sessions_per_process, limits.sessions_per_user}),
      questions_(
          io, events, limits.crashes, limits.askers,
          [this](int pid) { return watches(pid) || is_alive(pid); },
          [this](const ucred& asker) { return keep_room(asker); }),
      unwatched_below_(io, events, limits.search, limits.all_exits) {
  if (inherited) unwatched_below_.adopt(std::move(inherited->unwatched_below));
  listen();
}

void AttachServer::Impl::listen() {
  for (UniqueFd& listener : agent_listener_.take_listeners()) {
    listeners_.emplace_back(
        io_, std::move(listener), [this](UniqueFd socket) { welcome(std::move(socket)); },
        [this](int error) {
          report_shortage(fmt::format("new Python processes can't be watched for now: {}",
                                      strerrordesc_np(error)));
        },
        ReservedDescriptors::kKeep);
  }
  listen_to_wake_pipe();
}

// Any watched process may have written to the pipe. If a ring is unknown, or the content is not a
// whole number of Wakes, the reader may be out of step, and every ring is handled.
void AttachServer::Impl::listen_to_wake_pipe() {
  UniqueFd pipe = agent_listener_.take_wake_pipe();
  if (!pipe) return;
  wake_pipe_.emplace(io_, std::move(pipe), [this] { take_wake_ups(); });
  wake_pipe_->start();
}

void AttachServer::Impl::take_wake_ups() {
  std::array<Wake, kWakesPerWakeup> wakes;
  const ssize_t size = ::read(wake_pipe_->get(), wakes.data(), sizeof(wakes));
  if (size <= 0) return;
  const auto bytes = static_cast<std::size_t>(size);
  const auto whole = std::span(wakes).first(bytes / sizeof(Wake));
  std::set<std::uint64_t> rings;
  for (const Wake& wake : whole) rings.insert(wake.ring);
  const bool known =
      std::ranges::all_of(rings, [this](std::uint64_t ring) { return by_ring_.contains(ring); });
  // A full pipe may have been read only in part, and further wake-ups may have found no room.
  const bool all_read = bytes < sizeof wakes && bytes % sizeof(Wake) == 0;
  if (!known || !all_read) return polling_all_.request();
  for (const std::uint64_t ring : rings) poll(ring);
}

void AttachServer::Impl::poll(std::uint64_t ring) {
  const auto id = by_ring_.find(ring);
  if (id == by_ring_.end()) return polling_all_.request();
  if (const auto session = sessions_.find(id->second); session != sessions_.end()) {
    session->second.poll();
  }
}

// Includes agents whose connections are still to be accepted.
void AttachServer::Impl::poll_all() {
  accept_now(kAcceptsPerPoll);
  for (auto& [id, session] : sessions_) session.poll();
}

void AttachServer::Impl::drain() {
  accept_now(kAcceptsPerDrain);
  std::vector<Id> waiting;  // because the handler of an event may close this server
  for (const auto& [id, connection] : connections_) waiting.push_back(id);
  for (const Id id : waiting) listen_to(id);
  for (auto& [id, session] : sessions_) session.drain();
  unwatched_below_.drain();
  report_left_out();
}

void AttachServer::Impl::expect(int pid, const ProgramFile& file) {
  const bool has_attached = watches(pid);
  expected_.expect(pid, has_attached ? ProgramFile{} : file);
  if (has_attached) expected_.on_attach();
  const auto watched = [this] {
    polling_all_.request();  // for the next time
    return watched_pids();
  };
  unwatched_below_.search_below(pid, watched, [this](const UnwatchedProcess& found) {
    forget_executed(found.process.pid);
    report_unwatched(found.process, found.why);
  });
}

// From now on unwatched_below_ holds the process and reports its end, so no session must do so.
void AttachServer::Impl::forget_executed(int pid) {
  for (auto& [id, session] : sessions_) {
    if (session.has_executed() && session.pid() == pid) session.forget(pid);
  }
}

// One that has executed another program counts until its ring has been polled.
std::set<int> AttachServer::Impl::watched_pids() const {
  std::set<int> pids;
  for (const auto& [id, session] : sessions_) {
    for (const int pid : session.processes()) pids.insert(pid);
  }
  return pids;
}

// A process below the program has said why it is not watched, or was refused. One that has ended
// meanwhile may have left its number to another. The end of one that has a session is told by that.
void AttachServer::Impl::note_unwatched(const SavedFamily& sender, Unwatched why) {
  const AttachedProcess& attached = sender.attached;
  const int pid = attached.process.pid;
  if (!unwatched_below_.is_searching() || attached.died_after || expected_.is(pid) ||
      watches(pid)) {
    return;
  }
  unwatched_below_.add({attached.process, sender.start_ticks, std::move(why)});
  forget_executed(pid);
  if (keeper_.save) keeper_.save();
}

bool AttachServer::Impl::watches(int pid) const {
  return std::ranges::any_of(sessions_, [&](const auto& each) { return each.second.watches(pid); });
}

std::vector<int> AttachServer::Impl::tainted() const {
  std::vector<int> pids;
  for (const auto& [id, session] : sessions_)
    std::ranges::copy(session.tainted(), std::back_inserter(pids));
  return pids;
}

std::size_t AttachServer::Impl::watched() const {
  std::size_t processes = 0;
  for (const auto& [id, session] : sessions_) processes += session.processes().size();
  return processes;
}

// The sessions are destroyed later because one of them may be the caller.
void AttachServer::Impl::close() {
  keeper_ = {};
  listeners_.clear();
  wake_pipe_.reset();
  expected_.cancel();
  unwatched_below_.close();
  connections_.clear();
  questions_.close();
  for (auto& [id, session] : sessions_) session.close();
  run_later(io_, [self = shared_from_this()] { self->sessions_.clear(); });
}

void AttachServer::Impl::start_accepting() {
  for (Acceptor& listener : listeners_) listener.start();
}

// By index, because the handler of a shortage event may close this server.
void AttachServer::Impl::accept_now(int most) {
  std::size_t next = 0;
  while (next < listeners_.size()) listeners_[next++].accept_now(most);
}

void AttachServer::Impl::welcome(UniqueFd socket) {
  const auto peer = peer_credentials(socket.get());
  if (!peer) return;
  const Receipt receipt = enter_arrival(peer->pid);
  if (is_admitted(*peer)) keep_open(std::move(socket), *peer);
}

// What a dead process has left cannot be had again. If this watchdog is killed before it has read
// that, the next one tells that a report may be lost.
Receipt AttachServer::Impl::enter_arrival(int pid) {
  if (!keeper_.receipt || is_alive(pid)) return nullptr;
  const auto moment = static_cast<std::uint64_t>(realtime_now_ns());
  return keeper_.receipt("", {ReportSource::kArrival, static_cast<std::uint64_t>(pid), moment}, 0);
}

// The ancestry of a peer that has died can no longer be checked; its user must have been admitted
// before.
bool AttachServer::Impl::is_admitted(const ucred& peer) {
  if (limits_.any_user && peer.pid > 0) return true;
  const bool is_ours = may_attach(peer, leader_);
  if (is_ours) users_.insert(peer.uid);
  return is_ours || (users_.contains(peer.uid) && (is_alone_ || !read_process_stat(peer.pid)));
}

// The hello is usually queued before the connection is accepted.
void AttachServer::Impl::keep_open(UniqueFd socket, const ucred& peer) {
  if (connections_.size() >= limits_.half_open) connections_.erase(connections_.begin());
  const Id id = next_id_++;
  auto& connection =
      connections_.try_emplace(id, io_, std::move(socket), peer, [this, id] { listen_to(id); })
          .first->second;
  connection.socket.start();
  connection.deadline.start(limits_.hello_timeout, [this, id] { connections_.erase(id); });
  listen_to(id);
}

// Nothing follows a hello, but the agent may check whether the connection is closed before its ring
// is taken. The sender of a wake-up learns from the open connection that the watchdog is alive, and
// closes it itself.
void AttachServer::Impl::listen_to(Id id) {
  const auto connection = connections_.find(id);
  if (connection == connections_.end()) return;
  auto message = receive_message(connection->second.socket.get());
  if (std::holds_alternative<NothingYet>(message)) return;
  if (const auto* wake = std::get_if<Wake>(&message)) return poll(wake->ring);
  if (auto* question = std::get_if<Asked>(&message)) take(std::move(*question), connection->second);
  // Closing the connection means that the ring was taken, or was refused.
  if (auto* arrival = std::get_if<Arrival>(&message)) take(std::move(*arrival), connection->second);
  connections_.erase(id);
}

void AttachServer::Impl::take(Arrival arrival, const Connection& connection) {
  SavedFamily sender = describe_sender(arrival.hello, connection.peer);
  if (arrival.hello.status == ArmStatus::kWillArm) {
    return attach(std::move(arrival), std::move(sender), peer_pidfd(connection.socket.get()));
  }
  const Unwatched why = why_unwatched(arrival.hello);
  note_unwatched(sender, why);
  Process& process = sender.attached.process;
  if (expected_.is(process.pid)) return expected_.on_refusal(why);
  if (left_alone_.is_news(why)) report_unwatched(std::move(process), why);
}

// A crash of which the asker knows already may still lie in its ring.
void AttachServer::Impl::take(Asked question, const Connection& connection) {
  if (std::holds_alternative<CrashQuestion>(question)) polling_all_.request();
  UniqueFd socket(::fcntl(connection.socket.get(), F_DUPFD_CLOEXEC, 0));
  if (socket) questions_.take(std::move(socket), connection.peer, std::move(question));
}

// As soon as the agent sees that its ring is taken, the next watchdog must be able to find it. If
// this watchdog dies before that, a living agent says hello again. A dead one does not, so what it
// left is read before anything else.
void AttachServer::Impl::attach(Arrival arrival, SavedFamily sender, UniqueFd pidfd) {
  const SavedFamily who = sender;
  try {
    const RingFile ring(std::move(arrival.ring));
    RingMemory memory(ring);
    require_room_for(sender.attached, memory);
    SavedSession session;
    session.id = next_id_++;
    session.family = std::move(sender);
    // The hello came before the interpreter read its first source file.
    session.attached_ns = std::min(arrival.hello.realtime_ns, realtime_now_ns());
    const Id id = session.id;
    AgentSession& begun =
        begin_session(std::move(session), std::move(memory), ring.id(), std::move(pidfd));
    shortage_reported_ = false;
    if (begun.has_deaths()) {
      begun.read_records();
      catch_up_later(id);
    }
    if (begun.has_ended()) return;
    const bool is_kept = !keeper_.keep || keeper_.keep(id, ring.descriptor(), when_kept(id));
    if (keeper_.save) keeper_.save();
    begun.take_over(is_kept) ? begun.poll() : end_session(id);
  } catch (const std::exception& error) {
    const Unwatched why = unwatched(UnwatchedReason::kRefused, error.what());
    note_unwatched(who, why);
    if (should_report_shortage()) report_unwatched(who.attached.process, why);
  }
}

std::function<void()> AttachServer::Impl::when_kept(Id id) {
  return [weak = weak_from_this(), id] {
    const auto self = weak.lock();
    if (!self) return;
    const auto session = self->sessions_.find(id);
    if (session != self->sessions_.end()) session->second.take_over();
  };
}

void AttachServer::Impl::drop(Id id) {
  const auto session = sessions_.find(id);
  if (session != sessions_.end() && expected_.is(session->second.pid())) expected_.on_leave();
  sessions_.erase(id);
  std::erase_if(by_ring_, [id](const auto& each) { return each.second == id; });
  if (keeper_.drop) keeper_.drop(id);
  if (sessions_.empty() && deserted_) deserted_();
}

// The stage of its ring tells the agent not to wait for this watchdog.
void AttachServer::Impl::require_room_for(const AttachedProcess& process, RingMemory& ring) {
  const char* const reason = why_no_room(process.process.pid, process.uid);
  if (reason == nullptr) return;
  RingReader(ring.address()).set_stage(RingStage::kLeft);
  throw std::runtime_error(reason);
}

// An asker for which there is none goes to another watchdog, and does not attach here.
std::optional<std::string> AttachServer::Impl::keep_room(const ucred& asker) {
  const char* const reason = why_no_room(asker.pid, asker.uid);
  if (reason != nullptr) {
    if (should_report_shortage()) report_no_room(asker.pid, reason);
    return reason;
  }
  room_.keep(asker.pid, asker.uid, std::chrono::steady_clock::now());
  return std::nullopt;
}

const char* AttachServer::Impl::why_no_room(int pid, uid_t uid) {
  if (descriptors_are_short()) return strerrordesc_np(EMFILE);
  RoomKeeper::Rings taken{.all = sessions_.size()};
  for (const auto& [id, session] : sessions_) {
    if (session.pid() == pid) ++taken.of_process;
    if (session.uid() == uid) ++taken.of_user;
  }
  return room_.why_none(pid, uid, taken, std::chrono::steady_clock::now());
}

SessionSettings AttachServer::Impl::session_settings(std::uint64_t ring) {
  return {limits_.records,
          limits_.all_exits,
          limits_.attached,
          ring,
          [this](std::string_view id, const ReportSource& source, std::uint32_t records) {
            return keeper_.receipt ? keeper_.receipt(id, source, records) : nullptr;
          },
          [this](int pid, const Context& context) {
            if (last_context_) last_context_(pid, context);
          },
          [this] {
            if (keeper_.save) keeper_.save();
          },
          [this] { accept_now(kAcceptsBeforeEnd); },
          [this](int pid) {
            if (expected_.is(pid)) expected_.on_leave();
          },
          &looks_};
}

AgentSession& AttachServer::Impl::begin_session(SavedSession session, RingMemory memory,
                                                std::uint64_t ring, UniqueFd pidfd) {
  const Process& process = session.family.attached.process;
  room_.take(process.pid);
  if (on_attach_) on_attach_(process);
  if (expected_.is(process.pid)) expected_.on_attach();
  unwatched_below_.forget(process.pid);
  for (auto& [id, other] : sessions_) other.forget(process.pid);
  return add_session(std::move(session), std::move(memory), ring, std::move(pidfd));
}

AgentSession& AttachServer::Impl::add_session(SavedSession&& session, RingMemory memory,
                                              std::uint64_t ring, UniqueFd pidfd) {
  const Id id = session.id;
  sessions_.try_emplace(
      id, io_, std::move(memory), std::move(session), questions_, [this, id] { end_session(id); },
      session_settings(ring), std::move(pidfd));
  by_ring_[ring] = id;
  return sessions_.at(id);
}

void AttachServer::Impl::adopt(std::vector<InheritedSession> sessions) {
  for (const InheritedSession& each : sessions) next_id_ = std::max(next_id_, each.saved.id + 1);
  for (InheritedSession& each : sessions) {
    const std::string who = name_and_pid(each.saved.family.attached.process);
    try {
      adopt(std::move(each));
    } catch (const std::exception& error) {
      events_.on_event(notice(ourselves(), who + " can't be watched any more: " + error.what()));
    }
  }
}

void AttachServer::Impl::adopt(InheritedSession inherited) {
  const Id id = inherited.saved.id;
  users_.insert(inherited.saved.family.attached.uid);
  const RingFile ring(std::move(inherited.ring));
  if (!add_session(std::move(inherited.saved), RingMemory(ring), ring.id()).take_over()) {
    return drop(id);
  }
  catch_up_later(id);
}

// What is in its ring already, and the ends of processes that were dead when it began.
void AttachServer::Impl::catch_up_later(Id id) {
  run_later(io_, [weak = weak_from_this(), id] {
    const auto self = weak.lock();
    if (!self) return;
    const auto session = self->sessions_.find(id);
    if (session == self->sessions_.end()) return;
    session->second.poll();
    session->second.handle_deaths();
  });
}

std::vector<UniqueFd> AttachServer::Impl::listeners() const {
  std::vector<UniqueFd> duplicates;
  for (const Acceptor& listener : listeners_) {
    duplicates.emplace_back(fcntl(listener.get(), F_DUPFD_CLOEXEC, 0));
  }
  return duplicates;
}

std::vector<SavedSession> AttachServer::Impl::saved() const {
  std::vector<SavedSession> saved;
  for (const auto& [id, session] : sessions_) {
    saved.push_back(session.saved());
    saved.back().id = id;
  }
  return saved;
}

// Deferred, because the session itself is the caller.
void AttachServer::Impl::end_session(Id id) {
  run_later(io_, [weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->drop(id);
  });
}

// True at most once until an attach succeeds again, and rate-limited.
bool AttachServer::Impl::should_report_shortage() {
  return !std::exchange(shortage_reported_, true) &&
         shortages_.admit(std::chrono::steady_clock::now());
}

void AttachServer::Impl::report_shortage(const std::string& message) {
  if (should_report_shortage()) events_.on_event(notice(ourselves(), message));
}

// Deferred, because the handler of an event may close this server, and the caller goes on with it.
void AttachServer::Impl::report_no_room(int pid, const char* reason) {
  Process process = read_process(pid).value_or(Process{});
  process.pid = pid;
  std::string message = fmt::format("{} found no room here: {}", name_and_pid(process), reason);
  run_later(io_, [weak = weak_from_this(),
                  event = notice(std::move(process), std::move(message))]() mutable {
    if (const auto self = weak.lock()) self->events_.on_event(std::move(event));
  });
}

// A wrapper without Python of its own is not reported while something is watched.
void AttachServer::Impl::report_expected(int pid, const Unwatched& why) {
  if (why.reason == UnwatchedReason::kNotPython && watched() > 0) return;
  Process process = read_process(pid).value_or(Process{});
  process.pid = pid;
  report_unwatched(std::move(process), why);
}

// Rate-limited, because a process may say hello as often as it likes.
void AttachServer::Impl::report_unwatched(Process process, const Unwatched& why) {
  const bool was_limiting = unwatched_.is_limiting();
  if (!unwatched_.admit(std::chrono::steady_clock::now())) return;
  if (was_limiting) report_left_out();
  UnwatchedEvent event{why, unwatched_below_.is_searching() && !expected_.is(process.pid)};
  events_.on_event({realtime_now_ns(), "", std::nullopt, std::move(process), std::move(event)});
}

void AttachServer::Impl::report_left_out() {
  const std::uint64_t count = unwatched_.take_suppressed();
  if (count == 0) return;
  events_.on_event(notice(
      ourselves(),
      fmt::format("{} more processes are not watched; they were not reported one by one, because "
                  "there were too many",
                  count)));
}

AttachServer::AttachServer(io_context& io, EventSink& events, const AttachLimits& limits,
                           AttachHandler on_attach, std::optional<InheritedServer> inherited)
    : impl_(std::make_shared<Impl>(io, events, limits, std::move(on_attach), inherited)) {
  if (inherited) impl_->adopt(std::move(inherited->sessions));
  impl_->start_accepting();
}

AttachServer::~AttachServer() = default;

void AttachServer::set_keeper(SessionKeeper keeper) {
  impl_->set_keeper(std::move(keeper));
}

std::vector<UniqueFd> AttachServer::listeners() const {
  return impl_->listeners();
}

std::vector<SavedSession> AttachServer::saved() const {
  return impl_->saved();
}

std::vector<UnwatchedProcess> AttachServer::saved_unwatched() const {
  return impl_->saved_unwatched();
}

void AttachServer::on_last_session_end(std::function<void()> deserted) {
  impl_->on_last_session_end(std::move(deserted));
}

void AttachServer::allow_known_users() {
  impl_->allow_known_users();
}

void AttachServer::leave() {
  impl_->leave();
}

const std::string& AttachServer::address() const {
  return impl_->address();
}

void AttachServer::drain() {
  impl_->drain();
}

void AttachServer::expect(int pid, const ProgramFile& file) {
  impl_->expect(pid, file);
}

std::size_t AttachServer::watched() const {
  return impl_->watched();
}

std::size_t AttachServer::sessions() const {
  return impl_->sessions();
}

std::size_t AttachServer::unwatched_below() const {
  return impl_->unwatched_below();
}

bool AttachServer::watches(int pid) const {
  return impl_->watches(pid);
}

std::vector<int> AttachServer::tainted() const {
  return impl_->tainted();
}

void AttachServer::on_last_context(ContextHandler handler) {
  impl_->on_last_context(std::move(handler));
}

void AttachServer::close() {
  impl_->close();
}

}  // namespace pyfault

#include "watchdog/ingest/attach_server.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "watchdog/enrich/process_info.h"
#include "watchdog/ingest/agent_session.h"
#include "watchdog/ingest/deferred.h"
#include "watchdog/ingest/door.h"
#include "watchdog/ingest/handshake.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/ingest/readable_fd.h"
#include "watchdog/ingest/record_limit.h"
#include "watchdog/ingest/timer.h"
#include "watchdog/os/descriptor_limit.h"
#include "watchdog/os/seqpacket.h"

namespace pyfault {
namespace {

using boost::asio::io_context;

constexpr int kAcceptsPerWakeup = 32;
// How long to leave the door shut when there is no descriptor left to accept with.
constexpr std::chrono::milliseconds kAcceptPause{100};

bool is_readable(int fd) {
  pollfd one{fd, POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

// The last descriptors are not for agents.
UniqueFd accept_unless_short(int listener) {
  if (!descriptors_are_short()) return accept_connection(listener);
  errno = EMFILE;
  return {};
}

Process ourselves() {
  Process process;
  process.pid = getpid();
  process.name = "pyfault-watchdog";
  return process;
}

}  // namespace

// Connections and sessions go by number: one may be gone when its turn comes.
class AttachServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(io_context& io, EventHandler on_event, AttachLimits limits, AttachHandler on_attach);
  Impl(io_context& io, EventHandler on_event, AttachLimits limits, std::vector<UniqueFd> listeners,
       int leader);

  const std::string& address() const { return door_.address(); }
  void resume_accepting();
  void drain();
  bool watches(int pid) const;
  void close();
  void adopt(std::vector<KeptSession> sessions);
  void set_keeper(SessionKeeper keeper) { keeper_ = std::move(keeper); }
  std::vector<UniqueFd> listeners() const;
  std::vector<SessionMemory> memory() const;
  void leave() { door_.leave(); }

 private:
  using Id = std::uint64_t;

  // A connection that has not said hello yet.
  struct HalfOpen {
    HalfOpen(io_context& io, UniqueFd fd, const ucred& credentials,
             std::function<void()> on_readable)
        : peer(credentials), deadline(io), socket(io, std::move(fd), std::move(on_readable)) {}

    ucred peer;
    Timer deadline;
    ReadableFd socket;
  };

  void accept_some(int listener);
  bool accept_one(int listener);
  void pause_accepting();
  void await_hello(UniqueFd socket, const ucred& peer);
  void take_hello(Id id);
  void take_waiting_hellos();
  void attach(int socket, const Hello& hello, AttachedProcess process);
  void require_room_for(int pid) const;
  void listen();
  void welcome(int socket, Welcoming welcoming);
  void begin_session(Attachment attachment);
  void adopt(KeptSession kept);
  void drop(Id id);
  void end_session(Id id);
  void report_shortage(const std::string& message);

  io_context& io_;
  EventHandler on_event_;
  AttachHandler on_attach_;
  AttachLimits limits_;
  SessionKeeper keeper_;
  Door door_;
  int leader_ = 0;
  std::vector<ReadableFd> listeners_;
  Timer accept_pause_;
  std::map<Id, HalfOpen> half_open_;  // oldest first
  std::map<Id, AgentSession> sessions_;
  Id next_id_ = 0;
  LeftAlone left_alone_;
  bool shortage_reported_ = false;
  RecordLimit shortages_;
};

AttachServer::Impl::Impl(io_context& io, EventHandler on_event, AttachLimits limits,
                         AttachHandler on_attach)
    : io_(io),
      on_event_(std::move(on_event)),
      on_attach_(std::move(on_attach)),
      limits_(limits),
      accept_pause_(io) {
  listen();
}

AttachServer::Impl::Impl(io_context& io, EventHandler on_event, AttachLimits limits,
                         std::vector<UniqueFd> listeners, int leader)
    : io_(io),
      on_event_(std::move(on_event)),
      limits_(limits),
      door_(std::move(listeners)),
      leader_(leader),
      accept_pause_(io) {
  listen();
}

void AttachServer::Impl::listen() {
  for (UniqueFd& listener : door_.take_listeners()) {
    const int fd = listener.get();
    listeners_.emplace_back(io_, std::move(listener), [this, fd] { accept_some(fd); });
  }
}

void AttachServer::Impl::drain() {
  // By number: whoever hears of a shortage may close us.
  std::size_t next = 0;
  while (next < listeners_.size()) accept_some(listeners_[next++].get());
  take_waiting_hellos();
  for (auto& [id, session] : sessions_) session.drain();
}

bool AttachServer::Impl::watches(int pid) const {
  return std::ranges::any_of(sessions_, [&](const auto& each) { return each.second.watches(pid); });
}

// The sessions are destroyed later: one of them may be what calls.
void AttachServer::Impl::close() {
  keeper_ = {};
  listeners_.clear();
  accept_pause_.cancel();
  half_open_.clear();
  for (auto& [id, session] : sessions_) session.close();
  run_later(io_, [self = shared_from_this()] { self->sessions_.clear(); });
}

void AttachServer::Impl::accept_some(int listener) {
  for (int accepted = 0; accepted < kAcceptsPerWakeup; ++accepted) {
    if (!accept_one(listener)) return;
  }
}

// False: there is nobody to accept, or no way to.
bool AttachServer::Impl::accept_one(int listener) {
  UniqueFd socket = accept_unless_short(listener);
  if (!socket) {
    if (errno == ECONNABORTED || errno == EINTR) return true;
    if (errno != EAGAIN) pause_accepting();
    return false;
  }
  const auto peer = peer_credentials(socket.get());
  if (peer && may_attach(*peer, leader_)) await_hello(std::move(socket), *peer);
  return true;
}

// Out of descriptors or memory: the listener stays readable, so waiting for it would spin.
void AttachServer::Impl::pause_accepting() {
  const std::string cause = strerrordesc_np(errno);
  for (ReadableFd& listener : listeners_) listener.stop();
  accept_pause_.start(kAcceptPause, [this] { resume_accepting(); });
  report_shortage("new Python processes can't be watched for now: " + cause);
}

void AttachServer::Impl::resume_accepting() {
  for (ReadableFd& listener : listeners_) listener.start();
}

void AttachServer::Impl::await_hello(UniqueFd socket, const ucred& peer) {
  if (half_open_.size() >= limits_.half_open) half_open_.erase(half_open_.begin());
  const Id id = next_id_++;
  auto& connection =
      half_open_.try_emplace(id, io_, std::move(socket), peer, [this, id] { take_hello(id); })
          .first->second;
  connection.socket.start();
  connection.deadline.start(limits_.hello_timeout, [this, id] { half_open_.erase(id); });
}

// Whatever comes of it, the connection ends here.
void AttachServer::Impl::take_hello(Id id) {
  const auto connection = half_open_.extract(id);
  const ucred& peer = connection.mapped().peer;
  const int socket = connection.mapped().socket.get();
  const auto hello = receive_hello(socket);
  auto process = hello ? read_process(peer.pid) : std::nullopt;
  if (!process) return;
  if (hello->status == ArmStatus::kWillArm) {
    attach(socket, *hello, {hello->pid, peer.uid, std::move(*process)});
  } else if (auto message = left_alone_.message(*hello, *process)) {
    on_event_(notice(std::move(*process), std::move(*message)));
  }
}

// A process may have said hello and died before the loop came round to it.
void AttachServer::Impl::take_waiting_hellos() {
  std::vector<Id> waiting;
  for (const auto& [id, connection] : half_open_) {
    if (is_readable(connection.socket.get())) waiting.push_back(id);
  }
  for (const Id id : waiting) take_hello(id);
}

void AttachServer::Impl::attach(int socket, const Hello& hello, AttachedProcess process) {
  const std::string who = name_and_pid(process.process);
  try {
    require_room_for(process.process.pid);
    welcome(socket, prepare_welcome(hello, std::move(process)));
    shortage_reported_ = false;
  } catch (const std::exception& error) {
    report_shortage(who + " can't be watched: " + error.what());
  }
}

// From the moment that the agent has them, whoever comes after us must find them.
void AttachServer::Impl::welcome(int socket, Welcoming welcoming) {
  const int pipe = welcoming.attachment.pipe.get();
  const Id id = next_id_;
  if (keeper_.keep) keeper_.keep(id, welcoming.ring.descriptor(), pipe);
  begin_session(std::move(welcoming.attachment));
  if (keeper_.save) keeper_.save();
  if (!send_welcome(socket, welcoming.ring, welcoming.pipe.get(), limits_.dump_signal)) drop(id);
}

void AttachServer::Impl::drop(Id id) {
  sessions_.erase(id);
  if (keeper_.drop) keeper_.drop(id);
}

void AttachServer::Impl::require_room_for(int pid) const {
  if (descriptors_are_short()) throw std::runtime_error(strerrordesc_np(EMFILE));
  if (sessions_.size() >= limits_.sessions) throw std::runtime_error("too many are watched");
  const auto same = std::ranges::count_if(
      sessions_, [pid](const auto& session) { return session.second.pid() == pid; });
  if (static_cast<std::size_t>(same) >= limits_.sessions_per_process) {
    throw std::runtime_error("it has attached too often");
  }
}

void AttachServer::Impl::begin_session(Attachment attachment) {
  const int pid = attachment.process.process.pid;
  if (on_attach_) on_attach_(attachment.process.process);
  for (auto& [id, session] : sessions_) session.forget(pid);
  const Id id = next_id_++;
  sessions_.try_emplace(
      id, io_, std::move(attachment), on_event_, [this, id] { end_session(id); }, limits_.records);
}

void AttachServer::Impl::adopt(std::vector<KeptSession> sessions) {
  for (const KeptSession& kept : sessions) next_id_ = std::max(next_id_, kept.memory.id + 1);
  for (KeptSession& kept : sessions) {
    const std::string who = name_and_pid(kept.memory.family.attached.process);
    try {
      adopt(std::move(kept));
    } catch (const std::exception& error) {
      on_event_(notice(ourselves(), who + " can't be watched any more: " + error.what()));
    }
  }
}

void AttachServer::Impl::adopt(KeptSession kept) {
  const Id id = kept.memory.id;
  sessions_.try_emplace(
      id, io_, std::move(kept), on_event_, [this, id] { end_session(id); }, limits_.records);
}

std::vector<UniqueFd> AttachServer::Impl::listeners() const {
  std::vector<UniqueFd> duplicates;
  for (const ReadableFd& listener : listeners_) {
    duplicates.emplace_back(fcntl(listener.get(), F_DUPFD_CLOEXEC, 0));
  }
  return duplicates;
}

std::vector<SessionMemory> AttachServer::Impl::memory() const {
  std::vector<SessionMemory> memory;
  for (const auto& [id, session] : sessions_) {
    memory.push_back(session.memory());
    memory.back().id = id;
  }
  return memory;
}

// Called by the session, which must not vanish under its own feet.
void AttachServer::Impl::end_session(Id id) {
  run_later(io_, [weak = weak_from_this(), id] {
    if (const auto self = weak.lock()) self->drop(id);
  });
}

// Once, until an attach succeeds again.
void AttachServer::Impl::report_shortage(const std::string& message) {
  if (std::exchange(shortage_reported_, true) ||
      !shortages_.admit(std::chrono::steady_clock::now())) {
    return;
  }
  on_event_(notice(ourselves(), message));
}

AttachServer::AttachServer(io_context& io, EventHandler on_event, AttachLimits limits,
                           AttachHandler on_attach)
    : impl_(std::make_shared<Impl>(io, std::move(on_event), limits, std::move(on_attach))) {
  impl_->resume_accepting();
}

AttachServer::AttachServer(io_context& io, EventHandler on_event, AttachLimits limits,
                           KeptServer kept)
    : impl_(std::make_shared<Impl>(io, std::move(on_event), limits, std::move(kept.listeners),
                                   kept.leader)) {
  impl_->adopt(std::move(kept.sessions));
  impl_->resume_accepting();
}

AttachServer::~AttachServer() = default;

void AttachServer::set_keeper(SessionKeeper keeper) {
  impl_->set_keeper(std::move(keeper));
}

std::vector<UniqueFd> AttachServer::listeners() const {
  return impl_->listeners();
}

std::vector<SessionMemory> AttachServer::memory() const {
  return impl_->memory();
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

bool AttachServer::watches(int pid) const {
  return impl_->watches(pid);
}

void AttachServer::close() {
  impl_->close();
}

}  // namespace pyfault

#include "watchdog/service/control_handler.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>
#include <variant>

#include "watchdog/control/worker_names.h"
#include "watchdog/metrics/resident_memory.h"
#include "watchdog/toml/problem.h"

namespace pyfault {
namespace {

WorkerEvent event_of(WorkerCommand command) {
  switch (command) {
    case WorkerCommand::kStart:
      return WorkerEvent::kStart;
    case WorkerCommand::kStop:
      return WorkerEvent::kStop;
    case WorkerCommand::kRestart:
      break;
  }
  return WorkerEvent::kRestart;
}

// Suggests the base name of instances ("web" for "web#1").
std::string no_worker(const std::string& name, const std::vector<std::string>& names) {
  std::vector<std::string_view> known;
  for (const std::string_view each : names) {
    const std::string_view shared = each.substr(0, each.rfind('#'));
    if (known.empty() || known.back() != shared) known.push_back(shared);
  }
  const std::string suggestion = suggest(name, known);
  return "there is no worker '" + name + "'" + (suggestion.empty() ? "" : "; " + suggestion);
}

// Returns 0 if the text is not a valid PID.
int as_pid(const std::string& text) {
  int pid = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, pid);
  return parsed.ec == std::errc() && parsed.ptr == end && pid > 0 ? pid : 0;
}

WorkerStatus status_of(const WorkerSnapshot& worker) {
  WorkerStatus status;
  status.name = worker.config.name;
  status.state = worker.shown_state();
  status.retry_in_seconds = worker.retry_in_seconds;
  status.restarts = worker.restarts;
  status.last_exit = worker.history.last_exit;
  status.last_crash = worker.history.last_crash;
  if (worker.pid == 0) return status;
  status.pid = worker.pid;
  status.uptime_seconds = worker.uptime_seconds;
  status.rss_bytes = resident_memory(worker.pid);
  status.watch =
      WatchStatus{worker.is_watched, "", "", worker.watched_processes, worker.unwatched_below};
  if (worker.unwatched != nullptr) {
    status.watch->reason = name_of(worker.unwatched->reason);
    status.watch->message = "it " + worker.unwatched->predicate;
  }
  return status;
}

}  // namespace

ControlHandler::ControlHandler(boost::asio::io_context& io, Supervisor& supervisor,
                               const Guests& guests, std::string configuration, Reload reload,
                               Troubles troubles)
    : io_(io),
      supervisor_(supervisor),
      guests_(guests),
      configuration_(std::move(configuration)),
      reload_(std::move(reload)),
      troubles_(std::move(troubles)),
      server_(io, [this](const Session& session, const Request& request) {
        std::visit([&](const auto& each) { take(session, each); }, request);
      }) {}

void ControlHandler::on_event(Event event) {
  event.receipt.reset();  // being shown to operators does not count as being logged
  for (PendingDump& dump : dumps_) dump.on_event(event);
  dumps_.remove_if([](const PendingDump& dump) { return dump.is_done(); });
  tail_.add(std::move(event));
  std::erase_if(followers_, [](const auto& follower) { return follower.expired(); });
  if (!followers_.empty()) pumping_.request();
}

void ControlHandler::pump() {
  for (const auto& follower : followers_) {
    if (const auto it = follower.lock()) it->pump();
  }
}

void ControlHandler::on_change(const std::vector<WorkerSnapshot>& workers) {
  std::erase_if(commands_, [&](PendingCommand& command) { return !command.on_change(workers); });
}

void ControlHandler::take(const Session& session, const StatusRequest& request) {
  const auto chosen = choose(session, request.workers.empty() ? names() : request.workers);
  if (!chosen) return;
  const std::chrono::duration<double> uptime = std::chrono::steady_clock::now() - started_;
  Status status{{::getpid(), uptime.count(), configuration_, troubles_(), guests_.status()}, {}};
  for (const WorkerSnapshot& worker : supervisor_.snapshots()) {
    if (std::ranges::find(*chosen, worker.config.name) == chosen->end()) continue;
    status.workers.push_back(status_of(worker));
  }
  session->send(status);
  session->send(Done{});
}

void ControlHandler::take(const Session& session, const CommandRequest& request) {
  const auto chosen = choose(session, request.all ? names() : request.workers);
  if (!chosen) return;
  if (supervisor_.is_stopping()) return session->send(ErrorReply{"the service is being stopped"});
  for (const std::string& worker : *chosen) supervisor_.command(worker, event_of(request.command));
  if (request.wait) {
    commands_.emplace_back(session, request.command, *chosen);
    return on_change(supervisor_.snapshots());
  }
  for (const std::string& worker : *chosen) session->send(CommandResult{worker, true, "was told"});
  session->send(Done{});
}

void ControlHandler::take(const Session& session, const ReloadRequest&) {
  reload_([weak = std::weak_ptr(session)](const std::vector<std::string>& mistakes) {
    const auto asker = weak.lock();
    if (!asker) return;
    for (const std::string& mistake : mistakes) asker->send(ConfigMistake{mistake});
    asker->send(Done{mistakes.empty()});
  });
}

void ControlHandler::take(const Session& session, const EventsRequest& request) {
  const auto follower = std::make_shared<EventFollower>(tail_, session, request);
  followers_.push_back(follower);
  follower->pump();
}

void ControlHandler::take(const Session& session, const DumpRequest& request) {
  const auto meant = choose_workers({request.target}, names());
  const int pid = meant.names.empty() ? as_pid(request.target) : 0;
  auto asked = pid == 0 ? supervisor_.ask_for_stacks(meant.names) : ask_for_stacks(pid);
  if (asked.empty()) {
    const bool is_unknown = meant.names.empty() && pid == 0;
    return session->send(ErrorReply{why_no_stacks(request.target, meant.names),
                                    is_unknown ? ErrorReason::kNoSuchWorker : ErrorReason::kOther});
  }
  dumps_.emplace_back(io_, session, request.format, std::move(asked));
}

PendingDump::Asked ControlHandler::ask_for_stacks(int pid) const {
  PendingDump::Asked asked = supervisor_.ask_for_stacks(pid);
  if (asked.empty() && guests_.ask_for_stacks(pid)) asked.emplace(pid, PendingDump::kNoWorker);
  return asked;
}

std::vector<std::string> ControlHandler::names() const {
  std::vector<std::string> names;
  for (const WorkerSnapshot& worker : supervisor_.snapshots()) names.push_back(worker.config.name);
  return names;
}

std::optional<std::vector<std::string>> ControlHandler::choose(
    const Session& session, const std::vector<std::string>& wanted) {
  auto chosen = choose_workers(wanted, names());
  if (chosen.unknown.empty()) return std::move(chosen.names);
  session->send(ErrorReply{no_worker(chosen.unknown, names()), ErrorReason::kNoSuchWorker});
  return std::nullopt;
}

// Explains why the first of these workers cannot be asked. Without workers, the target was a PID or
// an unknown name.
std::string ControlHandler::why_no_stacks(const std::string& target,
                                          const std::vector<std::string>& workers) const {
  if (workers.empty()) {
    return as_pid(target) == 0 ? no_worker(target, names())
                               : "no worker has a process " + target +
                                     " with an armed agent in it, nor is that a guest";
  }
  const std::string worker = "worker '" + workers.front() + "' ";
  const auto snapshots = supervisor_.snapshots();
  const WorkerSnapshot* const now = find(snapshots, workers.front());
  if (now != nullptr && now->pid == 0) {
    return worker + "has no process: its state is " + std::string(now->shown_state());
  }
  if (now != nullptr && now->config.dump_signal == 0) {
    return worker + "cannot be asked: dump_signal is \"none\" in its configuration";
  }
  return worker +
         "has no process with an armed agent in it: it runs no Python that is known, or has only "
         "just been started";
}

}  // namespace pyfault

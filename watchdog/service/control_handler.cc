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

}  // namespace

ControlHandler::ControlHandler(boost::asio::io_context& io, Supervisor& supervisor,
                               std::string configuration, Reload reload, Troubles troubles)
    : io_(io),
      supervisor_(supervisor),
      configuration_(std::move(configuration)),
      reload_(std::move(reload)),
      troubles_(std::move(troubles)),
      server_(io, [this](const Session& session, const Request& request) {
        std::visit([&](const auto& each) { take(session, each); }, request);
      }) {}

void ControlHandler::note(Event event) {
  event.receipt.reset();  // being shown to operators does not count as being logged
  for (PendingDump& dump : dumps_) dump.note(event);
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

void ControlHandler::look_again() {
  const auto look = [this](const std::string& worker) { return look_at(worker); };
  std::erase_if(commands_, [&](PendingCommand& command) { return !command.look(look); });
}

void ControlHandler::take(const Session& session, const StatusRequest& request) {
  const auto chosen = choose(session, request.workers.empty() ? names() : request.workers);
  if (!chosen) return;
  const std::chrono::duration<double> uptime = std::chrono::steady_clock::now() - started_;
  Status status{{::getpid(), uptime.count(), configuration_, troubles_()}, {}};
  for (const auto& standing : supervisor_.standings()) {
    const std::string& name = standing.worker.config().name;
    if (std::ranges::find(*chosen, name) == chosen->end()) continue;
    status.workers.push_back(status_of(standing));
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
    return look_again();
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
  auto asked = pid == 0 ? ask_for_stacks(meant.names) : ask_for_stacks(pid);
  if (asked.empty()) {
    const bool is_unknown = meant.names.empty() && pid == 0;
    return session->send(ErrorReply{why_no_stacks(request.target, meant.names),
                                    is_unknown ? ErrorReason::kNoSuchWorker : ErrorReason::kOther});
  }
  dumps_.emplace_back(io_, session, request.format, std::move(asked));
}

std::vector<std::string> ControlHandler::names() const {
  std::vector<std::string> names;
  for (const auto& standing : supervisor_.standings())
    names.push_back(standing.worker.config().name);
  return names;
}

std::optional<std::vector<std::string>> ControlHandler::choose(
    const Session& session, const std::vector<std::string>& wanted) {
  auto chosen = choose_workers(wanted, names());
  if (chosen.unknown.empty()) return std::move(chosen.names);
  session->send(ErrorReply{no_worker(chosen.unknown, names()), ErrorReason::kNoSuchWorker});
  return std::nullopt;
}

WorkerStatus ControlHandler::status_of(const Supervisor::Standing& standing) const {
  const Worker& worker = standing.worker;
  const WorkerHistory& past = worker.history();
  WorkerStatus status;
  status.name = worker.config().name;
  status.state = standing.state();
  status.retry_in_seconds = worker.retry_in_seconds();
  status.restarts = worker.restarts();
  status.last_exit = past.last_exit;
  status.last_crash = past.last_crash;
  if (worker.pid() == 0) return status;
  status.pid = worker.pid();
  status.uptime_seconds = worker.uptime_seconds();
  status.rss_bytes = resident_memory(worker.pid());
  const WorkerWatch watch = worker.watch();
  status.watch = WatchStatus{watch.own, "", "", watch.processes};
  if (watch.why) {
    status.watch->reason = name_of(watch.why->reason);
    status.watch->message = "it " + watch.why->predicate;
  }
  return status;
}

std::optional<WorkerSnapshot> ControlHandler::look_at(const std::string& name) const {
  for (const auto& [worker, in_transition] : supervisor_.standings()) {
    if (worker.config().name != name) continue;
    return WorkerSnapshot{worker.state(), in_transition, worker.pid(), worker.history().last_exit,
                          worker.retry_in_seconds()};
  }
  return std::nullopt;
}

// Asks one process, without the cost of enumerating the process trees of all workers.
PendingDump::Asked ControlHandler::ask_for_stacks(int pid) const {
  PendingDump::Asked asked;
  for (const auto& standing : supervisor_.standings()) {
    if (standing.worker.ask_for_stacks(pid)) asked.emplace(pid, standing.worker.config().name);
  }
  return asked;
}

PendingDump::Asked ControlHandler::ask_for_stacks(const std::vector<std::string>& workers) const {
  PendingDump::Asked asked;
  for (const auto& [worker, in_transition] : supervisor_.standings()) {
    const std::string& name = worker.config().name;
    if (std::ranges::find(workers, name) == workers.end()) continue;
    for (const int pid : worker.processes()) {
      if (worker.ask_for_stacks(pid)) asked.emplace(pid, name);
    }
  }
  return asked;
}

// Explains why the first of these workers cannot be asked. Without workers, the target was a PID or
// an unknown name.
std::string ControlHandler::why_no_stacks(const std::string& target,
                                          const std::vector<std::string>& workers) const {
  if (workers.empty()) {
    return as_pid(target) == 0 ? no_worker(target, names())
                               : "no worker has a process " + target + " with an armed agent in it";
  }
  const std::string worker = "worker '" + workers.front() + "' ";
  for (const auto& standing : supervisor_.standings()) {
    if (standing.worker.config().name != workers.front()) continue;
    if (standing.worker.pid() == 0) {
      return worker + "has no process: its state is " + std::string(standing.state());
    }
    if (standing.worker.config().dump_signal == 0) {
      return worker + "cannot be asked: dump_signal is \"none\" in its configuration";
    }
  }
  return worker +
         "has no process with an armed agent in it: it runs no Python that is known, or has only "
         "just "
         "been started";
}

}  // namespace pyfault

#include "watchdog/service/supervisor.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <exception>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "watchdog/ingest/notice.h"
#include "watchdog/os/pidfd.h"
#include "watchdog/os/seqpacket.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

// The part of systemd's descriptor store (FileDescriptorStoreMax= of our units) that is reserved
// for rings. Each worker has a share of it, so no worker can use up the store.
constexpr std::size_t kRingsKept = 1024;
constexpr std::size_t kMinRingsKept = 4;  // for each worker

// Clears the settings that take effect without a restart. Changes to the others need a new process.
WorkerConfig without_live_settings(WorkerConfig config) {
  config.restart = {};
  config.stop = {};
  config.start_order = 0;
  config.essential = false;
  config.restart_tainted = false;
  config.text.clear();
  config.output_limit.reset();
  return config;
}

bool needs_restart(const WorkerConfig& before, const WorkerConfig& after) {
  return without_live_settings(before) != without_live_settings(after);
}

std::vector<NamedFd> duplicates_of(const InheritedWorker& inherited) {
  std::vector<NamedFd> all;
  const auto add = [&](const std::string& role, const UniqueFd& fd) {
    all.push_back({inherited.prefix + "/" + role, UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0))});
  };
  for (const auto& [role, descriptors] : inherited.descriptors) {
    for (const UniqueFd& fd : descriptors) add(role, fd);
  }
  add(kStateRole, inherited.state);
  return all;
}

void say(const WorkerHost& host, std::optional<std::string> worker, std::string message) {
  Event event = notice(ourselves(), std::move(message));
  event.worker = std::move(worker);
  host.events.on_event(std::move(event));
}

}  // namespace

Supervisor::Supervisor(boost::asio::io_context& io, WorkerSurroundings surroundings,
                       SystemdNotifier& manager, Ledger& ledger, EventSink& events,
                       WorkerCrashes& crashes, Hooks hooks, LineFormat output_format,
                       const OutputLimit& output_limit)
    : hooks_(std::move(hooks)),
      lookups_(io),
      host_{io,
            std::move(surroundings),
            events,
            crashes,
            hooks_.write_output,
            [this] { settling_.request(); },
            [this] { reset_oom_baselines(); },
            lookups_,
            manager,
            ledger,
            output_format,
            output_limit,
            kRingsKept} {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
    throw std::system_error(errno, std::generic_category(), "PR_SET_CHILD_SUBREAPER");
  }
}

void Supervisor::adopt(std::vector<NamedFd> descriptors) {
  InheritedDescriptors kept = sort_kept(std::move(descriptors));
  for (const auto& refused : kept.refused) refuse(refused);
  for (InheritedWorker& worker : kept.workers) adopt(std::move(worker));
  settling_.request();
}

void Supervisor::adopt(InheritedWorker inherited) {
  const std::string name = inherited.saved.config.name;
  const int pid = inherited.saved.process ? inherited.saved.process->pid : 0;
  std::vector<NamedFd> descriptors = duplicates_of(inherited);
  try {
    WorkerConfig config = inherited.saved.config;
    entries_.push_back({std::make_unique<Worker>(host_, std::move(config), std::move(inherited))});
  } catch (const std::exception& error) {
    return refuse({"what was kept of worker " + name + " can't be used: " + error.what(),
                   std::move(descriptors)});
  }
  say(host_, name,
      "the watchdog was restarted and took over " +
          (pid > 0 ? fmt::format("{}[{}]", name, pid) : name));
  entries_.back().worker->resume();
}

// The worker's process is known by its pidfd, and its descendants by the socket in their
// environment.
void Supervisor::refuse(const InheritedDescriptors::Refused& refused) {
  WorkerTree tree;
  for (const auto& [name, fd] : refused.descriptors) {
    if (const int pid = pid_of(fd.get()); pid > 1) tree.pid = pid;
    const std::string address = listening_address(fd.get());
    if (address.starts_with('@')) tree.socket = address;
  }
  if (!tree.socket.empty()) kill_below(tree);
  for (const auto& [name, fd] : refused.descriptors) {
    if (pid_of(fd.get()) > 1) {
      ::syscall(SYS_pidfd_send_signal, fd.get(), SIGKILL, nullptr, 0);
    }
    host_.manager.drop(name);
  }
  say(host_, std::nullopt, refused.reason);
}

void Supervisor::leave() {
  reap_children();
  for (Entry& entry : entries_) {
    try {
      entry.worker->leave();
    } catch (const std::exception& error) {
      say(host_, entry.worker->config().name,
          std::string("what the next watchdog should know of it can't be kept: ") + error.what());
    }
  }
}

// Workers that this watchdog could not adopt would otherwise run beside their replacements.
void Supervisor::end_strays() {
  if (host_.surroundings.cgroup == nullptr) return;
  for (const std::string& stray : host_.surroundings.cgroup->kill_leftovers()) {
    say(host_, std::nullopt,
        "killed what an earlier watchdog had left running in the cgroup " + stray);
  }
}

void Supervisor::apply(const Config& config) {
  host_.surroundings.on_watchdog_death = config.on_watchdog_death;
  *host_.minidumps = config.minidumps;
  host_.downloads->use(config.debuginfod);
  for (Entry& entry : entries_) {
    const auto wanted =
        std::ranges::find(config.workers, entry.worker->config().name, &WorkerConfig::name);
    wanted == config.workers.end() ? dismiss(entry) : change(entry, *wanted);
  }
  for (const WorkerConfig& wanted : config.workers) {
    if (!has(wanted.name)) entries_.push_back({std::make_unique<Worker>(host_, wanted)});
  }
  host_.max_sessions =
      std::max(kMinRingsKept, kRingsKept / std::max<std::size_t>(entries_.size(), 1));
  // A worker that is being removed is not in the file and sorts after all others of its order.
  std::ranges::stable_sort(entries_, {}, [&](const Entry& entry) {
    const auto place =
        std::ranges::find(config.workers, entry.worker->config().name, &WorkerConfig::name);
    return std::pair(entry.start_order(), place);
  });
  settling_.request();
}

bool Supervisor::has(const std::string& name) const {
  return std::ranges::any_of(
      entries_, [&](const Entry& entry) { return entry.worker->config().name == name; });
}

void Supervisor::dismiss(Entry& entry) {
  entry.leaving = true;
  entry.successor.reset();
  entry.worker->handle(WorkerEvent::kStop);
}

// A worker that is already being stopped for good can only be replaced by a successor.
void Supervisor::change(Entry& entry, const WorkerConfig& config) {
  const bool going = std::exchange(entry.leaving, false) || entry.successor;
  const WorkerConfig& before = entry.worker->config();
  if (!going && config == before) return;
  if (!going && !needs_restart(before, config)) return entry.worker->reconfigure(config);
  entry.successor = std::make_unique<WorkerConfig>(config);
  entry.worker->handle(WorkerEvent::kStop);
}

void Supervisor::stop() {
  stopping_ = true;
  if (std::exchange(told_to_stop_, true)) {
    for (Entry& entry : entries_) entry.worker->escalate_stop();
  }
  settling_.request();
}

// Does what can be done now. Each change of a worker's state requests another call.
void Supervisor::settle() {
  look_for_lost_essentials();
  if (stopping_) {
    stop_next();
  } else {
    replace_those_that_are_down();
    start_next();
  }
  hooks_.on_settled();
}

void Supervisor::replace_those_that_are_down() {
  std::erase_if(entries_,
                [](const Entry& entry) { return entry.leaving && is_down(entry.worker->state()); });
  for (Entry& entry : entries_) {
    if (!entry.successor || !is_down(entry.worker->state())) continue;
    const bool held = entry.worker->is_held();
    WorkerHistory history = entry.worker->history();
    const std::uint64_t restarts = entry.worker->snapshot().restarts;
    entry = {std::make_unique<Worker>(host_, *entry.successor)};
    entry.worker->inherit(std::move(history), restarts);
    entry.worker->hold(held);
  }
}

void Supervisor::look_for_lost_essentials() {
  for (const Entry& entry : entries_) {
    const WorkerState state = entry.worker->state();
    const bool lost = state == WorkerState::kExited || state == WorkerState::kFailed;
    if (stopping_ || !lost || !entry.worker->config().essential || entry.leaving) continue;
    // The watchdog's own exit code 125 means that a start would fail again.
    const int code = entry.worker->exit_code();
    exit_code_ = code == kExitOwnError ? 1 : code;
    stopping_ = true;
    return say(host_, entry.worker->config().name,
               "it is essential and stays down, so all workers are stopped");
  }
}

// Starts at most one worker per pass of the event loop, which handles other events in between. The
// entries are in start order; a worker begins once those of a lower order have started.
void Supervisor::start_next() {
  std::optional<int> starting;  // the lowest order of a worker that is starting
  for (Entry& entry : entries_) {
    if (starting && entry.start_order() > *starting) return;
    if (!entry.worker->has_begun()) {
      entry.worker->begin();
      return settling_.request();
    }
    const bool is_starting = entry.successor || entry.worker->state() == WorkerState::kStarting;
    if (!starting && is_starting) starting = entry.start_order();
  }
}

void Supervisor::command(const std::string& name, WorkerEvent event) {
  const auto entry = std::ranges::find_if(
      entries_, [&](const Entry& each) { return each.worker->config().name == name; });
  if (stopping_ || entry == entries_.end() || entry->leaving) return;
  entry->worker->hold(event == WorkerEvent::kStop);
  if (entry->successor) return;  // the successor will be started, or held
  entry->worker->handle(event);
}

std::vector<WorkerSnapshot> Supervisor::snapshots() const {
  std::vector<WorkerSnapshot> snapshots;
  for (const Entry& entry : entries_) {
    if (entry.leaving) continue;
    const Worker& worker = *entry.worker;
    const bool will_start = !worker.has_begun() && !worker.is_held() && !stopping_;
    snapshots.push_back(worker.snapshot());
    snapshots.back().in_transition = entry.successor || will_start;
  }
  return snapshots;
}

// Asks one process, without the cost of enumerating the process trees of all workers.
std::map<int, std::string> Supervisor::ask_for_stacks(int pid) const {
  std::map<int, std::string> asked;
  for (const Entry& entry : entries_) {
    if (entry.leaving) continue;
    if (entry.worker->ask_for_stacks(pid)) asked.emplace(pid, entry.worker->config().name);
  }
  return asked;
}

std::map<int, std::string> Supervisor::ask_for_stacks(
    const std::vector<std::string>& workers) const {
  std::map<int, std::string> asked;
  for (const Entry& entry : entries_) {
    const std::string& name = entry.worker->config().name;
    if (entry.leaving || std::ranges::find(workers, name) == workers.end()) continue;
    for (const int pid : entry.worker->processes()) {
      if (entry.worker->ask_for_stacks(pid)) asked.emplace(pid, name);
    }
  }
  return asked;
}

void Supervisor::stop_next() {
  const auto last = std::find_if(entries_.rbegin(), entries_.rend(), [](const Entry& entry) {
    return !is_down(entry.worker->state());
  });
  if (last == entries_.rend()) return hooks_.on_stopped();
  for (Entry& entry : entries_) {
    if (entry.start_order() == last->start_order()) entry.worker->handle(WorkerEvent::kStop);
  }
}

// A worker's own process is reaped by its Worker, so children are only peeked at here (WNOWAIT).
void Supervisor::reap_children() {
  for (;;) {
    siginfo_t ended{};
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0) break;
    reap(ended.si_pid);
  }
  if (host_.surroundings.cgroup) host_.surroundings.cgroup->sweep();
}

void Supervisor::reset_oom_baselines() {
  for (Entry& entry : entries_) entry.worker->reset_oom_baseline();
}

void Supervisor::reap(int pid) {
  for (Entry& entry : entries_) {
    if (entry.worker->on_child_death(pid)) return;
  }
  ::waitpid(pid, nullptr, WNOHANG);
}

}  // namespace pyfault

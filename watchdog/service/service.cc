#include "watchdog/service/service.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "watchdog/complain.h"
#include "watchdog/config/parse_config.h"
#include "watchdog/control/control_listener.h"
#include "watchdog/control/socket_path.h"
#include "watchdog/format/escape.h"
#include "watchdog/format/rfc3339.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/log/event_stage.h"
#include "watchdog/metrics/answers.h"
#include "watchdog/metrics/resident_memory.h"
#include "watchdog/os/descriptor_limit.h"
#include "watchdog/os/ledger.h"
#include "watchdog/os/listen_fds.h"
#include "watchdog/reporter.h"
#include "watchdog/service/operator_desk.h"
#include "watchdog/service/service_manager.h"
#include "watchdog/service/service_signals.h"
#include "watchdog/service/status_text.h"
#include "watchdog/service/supervisor.h"
#include "watchdog/sink/fd_sink.h"
#include "watchdog/start_error.h"
#include "watchdog/supervise/agent_environment.h"
#include "watchdog/supervise/standard_streams.h"

namespace pyfault {
namespace {

// A log that nobody reads must not keep us from ending; a slow disk gets its chance.
constexpr std::chrono::seconds kLogFinishLimit{5};
constexpr std::chrono::seconds kManagerFinishLimit{1};

WorkerSurroundings surroundings_for(const ServiceOptions& options, const sigset_t& signal_mask,
                                    DelegatedCgroup* cgroup,
                                    const std::optional<rlimit>& descriptor_limit) {
  return {options.python, find_agent(), environ, signal_mask, cgroup, descriptor_limit};
}

LogNotices output_notices() {
  LogNotices notices;
  notices.lost = [](std::uint64_t count) {
    return rfc3339_utc(realtime_now_ns()) + " pyfault-watchdog: " + std::to_string(count) +
           " pieces of output could not be written and are lost\n";
  };
  notices.late = [](std::uint64_t) { return std::string(); };
  notices.trouble = [](int) {};
  return notices;
}

LogFile our_stdout() {
  return LogFile::unnamed(UniqueFd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)));
}

// Those of the file; --log where that names none, or where it was given too.
std::vector<LogSettings> logs_for(const ServiceOptions& options, const Config& config) {
  std::vector<LogSettings> logs = config.logs;
  if (logs.empty() || options.log) logs.push_back(log_by_option(options.log, options.log_format));
  return logs;
}

// Empty where there is none.
std::string control_socket(const ControlSettings& control) {
  if (!control.enabled || !control.socket.empty()) return control.socket;
  return default_control_socket(::geteuid(), std::getenv).value_or("");
}

std::vector<std::string> names_of(const std::vector<WorkerConfig>& workers) {
  std::vector<std::string> names;
  for (const WorkerConfig& worker : workers) names.push_back(worker.name);
  return names;
}

// Each descriptor is named WORKER/...
std::vector<std::string> names_of(const std::vector<NamedFd>& kept) {
  std::set<std::string> names;
  for (const NamedFd& each : kept) names.insert(each.name.substr(0, each.name.find('/')));
  return {names.begin(), names.end()};
}

constexpr char kLedgerName[] = "ledger";

class Service {
 public:
  Service(const ServiceOptions& options, const std::optional<rlimit>& descriptor_limit,
          std::vector<NamedFd> kept)
      : options_(options),
        kept_(std::move(kept)),
        surroundings_(
            surroundings_for(options, blocked_.original_mask(), cgroup_.get(), descriptor_limit)),
        output_(std::make_unique<FdSink>(our_stdout()), output_notices()),
        supervisor_(io_, surroundings_, manager_, ledger_,
                    {[this](Event event) { report(std::move(event)); },
                     [this](std::string lines) { write_output(std::move(lines)); },
                     [this] { on_settled(); }, [this] { io_.stop(); }}) {}

  int run(const ParsedConfig& parsed);

  // An earlier watchdog has left us workers.
  bool has_workers() const { return !kept_.empty(); }

  ParsedConfig load() const { return load_config(options_.file, machine_checks(surroundings_)); }

 private:
  void run_loop();
  void configure(const Config& config);
  void resume(const ParsedConfig& parsed);
  void know_workers(const std::vector<std::string>& names);
  void adopt(std::vector<NamedFd> kept);
  std::unique_ptr<HttpServer> serve_metrics(const HttpAddress& address);
  Ledger take_ledger();
  void tell_losses();
  void leave();
  std::unique_ptr<ControlListener> open_door(const std::string& path, bool named);
  std::vector<std::string> reload();
  std::vector<std::string> read_anew();
  void on_settled();
  std::vector<NamedState> states_of_workers() const;
  std::map<std::string, std::size_t> watched_processes() const;
  void report(Event event);
  void write_output(std::string lines);
  void say(std::string message);
  void tell_manager();

  BlockedSignals blocked_;  // first: the threads of the logs inherit the mask
  const ServiceOptions& options_;
  std::vector<NamedFd> kept_;  // for us, by the service manager
  bool is_ledger_kept_ = false;
  const std::unique_ptr<DelegatedCgroup> cgroup_ = DelegatedCgroup::take();
  const WorkerSurroundings surroundings_;
  boost::asio::io_context io_{1};
  Reporter reporter_{std::vector<LogSettings>()};
  ServiceMetrics metrics_{{[](int pid) { return resident_memory(pid); },
                           [this] { return watched_processes(); },
                           [this] { return reporter_.dropped(); }}};
  std::optional<HttpAddress> metrics_address_;
  std::unique_ptr<HttpServer> metrics_server_;  // at that address
  ReportLog output_;
  const bool shows_output_ = ::isatty(STDOUT_FILENO) == 1;
  bool workers_may_outlive_us_ = true;
  bool told_ready_ = false;
  ServiceManager manager_{io_, manager_terms()};
  Ledger ledger_{take_ledger()};
  Supervisor supervisor_;
  OperatorDesk desk_{io_, supervisor_, std::filesystem::absolute(options_.file),
                     [this] { return reload(); }};
  EventStage stage_{io_, [this](Event event) {
                      desk_.note(event);
                      reporter_.report(std::move(event));
                    }};
  std::unique_ptr<ControlListener> door_;  // for operators
  std::string no_door_;                    // why there is none, though one is wanted
  ServiceSignals signals_{io_,
                          blocked_.take_reader(),
                          {[this] { supervisor_.stop(); }, [this] { leave(); },
                           [this] { reload(); }, [this] { supervisor_.reap_children(); }}};
};

// That of the watchdog before us, where it has left one; an unusable one is as good as none.
Ledger Service::take_ledger() {
  const auto found = std::ranges::find(kept_, kLedgerName, &NamedFd::name);
  if (found == kept_.end()) return {};
  UniqueFd fd = std::move(found->fd);
  kept_.erase(found);
  try {
    Ledger ledger(std::move(fd));
    is_ledger_kept_ = true;
    return ledger;
  } catch (const std::exception&) {
    manager_.drop(kLedgerName);
    return {};
  }
}

int Service::run(const ParsedConfig& parsed) {
  if (!is_ledger_kept_) manager_.keep(kLedgerName, std::array{ledger_.descriptor()});
  kept_.empty() ? configure(parsed.config) : resume(parsed);
  tell_losses();
  supervisor_.end_strays();
  run_loop();
  output_.finish(kLogFinishLimit);
  stage_.finish();
  reporter_.finish(kLogFinishLimit);
  manager_.finish(kManagerFinishLimit);
  return supervisor_.exit_code();
}

// Whatever a watchdog before us had taken, and not written when it was killed.
void Service::tell_losses() {
  auto lost = std::make_shared<std::vector<Ledger::Inherited>>(ledger_.inherit());
  if (lost->empty()) return;
  const std::string written = reporter_.ends_of_files();
  std::erase_if(*lost, [&](const auto& each) { return written.find(each.id) != written.npos; });
  if (lost->empty()) return;
  std::string message = std::to_string(lost->size()) +
                        (lost->size() == 1 ? " report was" : " reports were") +
                        " lost with the watchdog before this one:";
  for (const auto& each : *lost) message.append(" ").append(each.id);
  Event event = notice(ourselves(), std::move(message));
  std::get<NoticeEvent>(event.body).dropped_records = lost->size();
  event.receipt = std::move(lost);
  report(std::move(event));
}

// Workers that run already must not be left alone for a mistake in the file, or a port that is
// taken.
void Service::resume(const ParsedConfig& parsed) {
  reporter_.configure(logs_for(options_, Config{}));
  try {
    for (const Problem& problem : parsed.problems) say(describe(problem, options_.file));
    if (parsed.problems.empty()) return configure(parsed.config);
  } catch (const std::exception& error) {
    say(error.what());
  }
  if (!kept_.empty()) {
    know_workers(names_of(kept_));
    adopt(std::exchange(kept_, {}));
  }
  say("the workers go on as they were; mend the configuration and reload the service");
}

// What must not happen has cost one step of the loop; the workers go on, and so do we.
void Service::run_loop() {
  while (!io_.stopped()) {
    try {
      io_.run();
    } catch (const std::exception& error) {
      say(std::string("internal error, the service goes on: ") + error.what());
    }
  }
}

// All of it, or none: what can fail comes first.
void Service::configure(const Config& config) {
  const bool moves = config.metrics != metrics_address_;
  std::unique_ptr<HttpServer> server;
  if (moves && config.metrics) server = serve_metrics(*config.metrics);
  const std::string path = control_socket(config.control);
  const bool door_moves = path != (door_ ? door_->path() : "");
  std::unique_ptr<ControlListener> door;
  if (door_moves && !path.empty()) door = open_door(path, !config.control.socket.empty());
  reporter_.configure(logs_for(options_, config));
  if (moves) metrics_server_ = std::move(server);
  metrics_address_ = config.metrics;
  know_workers(names_of(config.workers));
  if (door_moves) door_ = std::move(door);
  if (!no_door_.empty()) say(std::exchange(no_door_, {}));
  if (!kept_.empty()) adopt(std::exchange(kept_, {}));
  workers_may_outlive_us_ = config.on_watchdog_death == WatchdogDeath::kLeave;
  supervisor_.apply(config);
  if (config.workers.empty()) {
    say("there is no worker; add a [[worker]] to '" + options_.file + "' and reload the service");
  }
}

void Service::know_workers(const std::vector<std::string>& names) {
  metrics_.set_workers(names);
  desk_.set_workers(names);
}

void Service::adopt(std::vector<NamedFd> kept) {
  supervisor_.adopt(std::move(kept));
  const double now = static_cast<double>(realtime_now_ns()) / 1e9;
  for (const auto& [worker, in_transition] : supervisor_.standings()) {
    metrics_.adopt(worker.config().name, {worker.pid(), worker.state() == WorkerState::kUp,
                                          now - worker.uptime_seconds(), worker.restarts()});
  }
}

std::unique_ptr<HttpServer> Service::serve_metrics(const HttpAddress& address) {
  return std::make_unique<HttpServer>(
      io_, address, [this](std::string_view path) { return answer_to(path, metrics_); });
}

// Operators can do without a door that nobody named.
std::unique_ptr<ControlListener> Service::open_door(const std::string& path, bool named) try {
  return std::make_unique<ControlListener>(
      io_, path, [this](UniqueFd connection) { desk_.admit(std::move(connection)); });
} catch (const StartError& error) {
  if (named) throw;
  no_door_ = error.what();
  return nullptr;
}

// The first half of a restart: the workers are for the watchdog that comes next. Where nobody keeps
// them for it, they are stopped.
void Service::leave() {
  const bool may_leave =
      manager_.is_there() && workers_may_outlive_us_ && !supervisor_.is_stopping();
  if (!may_leave) return supervisor_.stop();
  signals_.stop_listening();
  manager_.say_stopping();
  io_.stop();
  supervisor_.leave();
}

// The manager waits for a reload to end, however it ends.
std::vector<std::string> Service::reload() {
  manager_.say_reloading();
  std::vector<std::string> mistakes = read_anew();
  manager_.say_ready();
  return mistakes;
}

// A broken file changes nothing.
std::vector<std::string> Service::read_anew() try {
  const ParsedConfig parsed = load();
  std::vector<std::string> mistakes;
  for (const Problem& problem : parsed.problems) {
    mistakes.push_back(describe(problem, options_.file));
    say(mistakes.back());
  }
  if (mistakes.empty()) configure(parsed.config);
  say(mistakes.empty() ? "the configuration was read anew"
                       : "the configuration that is in use stays, as the new one has mistakes");
  return mistakes;
} catch (const std::exception& error) {
  say(std::string(error.what()) + "; the configuration that is in use stays");
  return {error.what()};
}

void Service::report(Event event) {
  if (event.realtime_ns == 0) event.realtime_ns = realtime_now_ns();
  event.host = reporter_.host();
  metrics_.note(event);
  stage_.take(std::move(event));
}

// A terminal would do what a worker writes; a file keeps it as it is.
void Service::write_output(std::string lines) {
  output_.write(shows_output_ ? escape_lines(lines) : std::move(lines));
}

void Service::say(std::string message) {
  report(notice(ourselves(), std::move(message)));
}

void Service::on_settled() {
  desk_.look_again();
  tell_manager();
}

std::vector<NamedState> Service::states_of_workers() const {
  std::vector<NamedState> states;
  for (const auto& [worker, in_transition] : supervisor_.standings()) {
    const std::chrono::duration<double> delay(worker.retry_in_seconds().value_or(0));
    states.push_back({worker.config().name, worker.state(),
                      std::chrono::duration_cast<std::chrono::milliseconds>(delay)});
  }
  return states;
}

std::map<std::string, std::size_t> Service::watched_processes() const {
  std::map<std::string, std::size_t> watched;
  for (const auto& [worker, in_transition] : supervisor_.standings()) {
    watched[worker.config().name] = worker.watch().processes;
  }
  return watched;
}

// Ready: the first workers have been started, and the others wait for these only.
void Service::tell_manager() {
  manager_.say_status(status_text(states_of_workers()));
  if (!std::exchange(told_ready_, true)) manager_.say_ready();
  if (supervisor_.is_stopping()) manager_.say_stopping();
}

void close_all_but(const std::vector<NamedFd>& kept) {
  for (const int fd : inherited_descriptors()) {
    const bool is_kept =
        std::ranges::any_of(kept, [fd](const NamedFd& each) { return each.fd.get() == fd; });
    if (!is_kept) ::close(fd);
  }
}

}  // namespace

// What is kept for us may leave little of the limit.
int run_service(const ServiceOptions& options) {
  const auto limit_before = raise_descriptor_limit();
  std::vector<NamedFd> kept = take_listen_fds();
  close_all_but(kept);
  fill_closed_standard_streams();
  Service service(options, limit_before, std::move(kept));
  const ParsedConfig parsed = service.load();
  for (const Problem& problem : parsed.problems) complain(describe(problem, options.file));
  return parsed.problems.empty() || service.has_workers() ? service.run(parsed) : kExitOwnError;
}

}  // namespace pyfault

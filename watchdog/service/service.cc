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
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "watchdog/config/parse_config.h"
#include "watchdog/control/control_listener.h"
#include "watchdog/control/socket_path.h"
#include "watchdog/format/escape.h"
#include "watchdog/format/rfc3339.h"
#include "watchdog/ingest/background.h"
#include "watchdog/ingest/loop_poster.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/log/event_stage.h"
#include "watchdog/log_error.h"
#include "watchdog/metrics/answers.h"
#include "watchdog/metrics/resident_memory.h"
#include "watchdog/os/descriptor_limit.h"
#include "watchdog/os/journal_stream.h"
#include "watchdog/os/ledger.h"
#include "watchdog/os/listen_fds.h"
#include "watchdog/os/scheduling.h"
#include "watchdog/os/state_file.h"
#include "watchdog/reporter.h"
#include "watchdog/service/control_handler.h"
#include "watchdog/service/service_signals.h"
#include "watchdog/service/status_text.h"
#include "watchdog/service/supervisor.h"
#include "watchdog/service/systemd_notifier.h"
#include "watchdog/sink/fd_sink.h"
#include "watchdog/sink/journal_sink.h"
#include "watchdog/start_error.h"
#include "watchdog/supervise/agent_environment.h"
#include "watchdog/supervise/standard_streams.h"

namespace pyfault {
namespace {

// A log without a reader must not prevent the exit, but a slow disk gets enough time.
constexpr std::chrono::seconds kLogFinishLimit{5};
constexpr std::chrono::seconds kManagerFinishLimit{1};

WorkerSurroundings surroundings_for(const ServiceOptions& options, const sigset_t& signal_mask,
                                    DelegatedCgroup* cgroup,
                                    const std::optional<rlimit>& descriptor_limit) {
  return {options.python, find_agent(), environ, signal_mask, cgroup, descriptor_limit};
}

constexpr char kOutputName[] = "the workers' output";
// The number of queued pieces of output, of all workers together, while it cannot be written. In
// the journal each piece is a line.
constexpr std::size_t kQueuedOutput = 32'768;

LogNotices output_notices(LineFormat format, const TroubleHandler& on_trouble) {
  LogNotices notices;
  notices.lost = [format](std::uint64_t count) {
    return format("pyfault-watchdog",
                  std::to_string(count) + " pieces of output could not be written and are lost",
                  realtime_now_ns());
  };
  notices.late = [](std::uint64_t) { return std::string(); };
  notices.trouble = [on_trouble](int error) {
    on_trouble(kOutputName + (": " + std::generic_category().message(error)) +
               "; it is kept until it can be written");
  };
  return notices;
}

// Output for journald goes to its socket: our stdout would not survive a restart of journald.
std::unique_ptr<Sink> output_sink(bool to_journal) {
  if (to_journal) return std::make_unique<JournalSink>(JournalLog{}.socket);
  return std::make_unique<FdSink>(
      ReopeningFile::unnamed(UniqueFd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1))));
}

// journald's default rate limit for a service. Our units set a hundred times that: while journald
// keeps up, the output of one worker must not cause events, or lines of other workers, to be lost.
constexpr OutputLimit kLimitOfJournald{10'000, std::chrono::seconds(30)};

// The logs of the file; also that of --log if the option was given or the file has none.
std::vector<LogSettings> logs_for(const ServiceOptions& options, const Config& config) {
  std::vector<LogSettings> logs = config.logs;
  if (logs.empty() || options.log) logs.push_back(log_by_option(options.log, options.log_format));
  return logs;
}

// Returns the path of the control socket, or an empty string if there is none.
std::string control_socket(const ControlSettings& control) {
  if (!control.enabled || !control.socket.empty()) return control.socket;
  return default_control_socket(::geteuid(), std::getenv).value_or("");
}

std::vector<std::string> names_of(const std::vector<WorkerConfig>& workers) {
  std::vector<std::string> names;
  for (const WorkerConfig& worker : workers) names.push_back(worker.name);
  return names;
}

// Each descriptor is named "WORKER/...".
std::vector<std::string> names_of(const std::vector<NamedFd>& kept) {
  std::set<std::string> names;
  for (const NamedFd& each : kept) names.insert(each.name.substr(0, each.name.find('/')));
  return {names.begin(), names.end()};
}

constexpr char kLedgerName[] = "ledger";
constexpr char kConfigurationName[] = "configuration";  // the text that was applied last

// The disk or the user database may be remote.
constexpr std::chrono::seconds kPatienceWithConfiguration{60};

// The result of reading the configuration file and opening its logs. Both may block for long, so
// this is done off the event loop.
struct ReadConfiguration {
  LoadedConfig loaded;
  Reporter::NewLogs logs;
  std::string failure;  // why the logs could not be opened
};

// Runs off the event loop; `options` must be a copy.
ReadConfiguration read_configuration(const ServiceOptions& options, const MachineChecks& checks,
                                     const std::vector<LogSettings>& present,
                                     const TroubleHandler& on_trouble) {
  ReadConfiguration read{load_config(options.file, checks), {}, ""};
  if (!read.loaded.problems.empty()) return read;
  try {
    read.logs = Reporter::open(logs_for(options, read.loaded.config), present, on_trouble);
  } catch (const std::exception& error) {
    read.failure = error.what();
  }
  return read;
}

class Service {
 public:
  Service(const ServiceOptions& options, const std::optional<rlimit>& descriptor_limit,
          std::vector<NamedFd> kept)
      : options_(options),
        kept_(std::move(kept)),
        surroundings_(
            surroundings_for(options, blocked_.original_mask(), cgroup_.get(), descriptor_limit)),
        supervisor_(io_, surroundings_, manager_, ledger_,
                    {[this](Event event) { report(std::move(event)); },
                     [this](std::vector<std::string> lines) { write_output(std::move(lines)); },
                     [this] { on_settled(); }, [this] { io_.stop(); }},
                    output_format_, output_is_journal_ ? kLimitOfJournald : OutputLimit{}) {}

  int run(const LoadedConfig& loaded);

  // Whether an earlier watchdog left workers.
  bool has_workers() const { return !kept_.empty(); }

  LoadedConfig load() const { return load_config(options_.file, machine_checks(surroundings_)); }

 private:
  void run_loop();
  using Told = std::function<void(std::vector<std::string>)>;

  void configure(const LoadedConfig& loaded);
  using OnFailure = std::function<void(const std::string& why)>;
  void configure(const LoadedConfig& loaded, Reporter::NewLogs logs,
                 const OnFailure& on_failure = {});
  void resume(const LoadedConfig& loaded);
  bool resume_with(const LoadedConfig& loaded);
  void adopt(std::vector<NamedFd> kept);
  std::unique_ptr<HttpServer> serve_metrics(const HttpAddress& address,
                                            const OnFailure& on_failure);
  UniqueFd take_kept(std::string_view name);
  Ledger take_ledger();
  std::optional<StateFile> take_last_good();
  void keep_as_last_good(const std::string& text);
  void tell_losses();
  void leave();
  std::unique_ptr<ControlListener> open_control_listener(const std::string& path, bool is_vital);
  void reload(Told told);
  void read_anew();
  void finish_reload(const std::vector<Told>& asked, const std::vector<std::string>& mistakes);
  std::vector<std::string> take_read(ReadConfiguration& read);
  void on_settled();
  std::vector<NamedState> states_of_workers() const;
  std::map<std::string, std::size_t> watched_processes() const;
  void report(Event event);
  void write_output(std::vector<std::string> lines);
  TroubleHandler trouble_handler();
  std::vector<std::string> troubles() const;
  void say(std::string message);
  void tell_manager();

  BlockedSignals blocked_;  // first: the threads of the logs inherit the mask
  const ServiceOptions& options_;
  std::vector<NamedFd> kept_;  // by the service manager, from the previous watchdog
  bool is_ledger_kept_ = false;
  const std::unique_ptr<DelegatedCgroup> cgroup_ = DelegatedCgroup::take();
  const WorkerSurroundings surroundings_;
  boost::asio::io_context io_{1};
  const LoopPoster entrance_{io_};  // lets the logs' threads post to the loop
  Reporter reporter_{std::vector<LogSettings>()};
  ServiceMetrics metrics_{
      {[](int pid) { return resident_memory(pid); }, [this] { return watched_processes(); },
       [this] { return reporter_.dropped(); }, [this] { return reporter_.errors(); }}};
  std::optional<HttpAddress> metrics_address_;
  std::unique_ptr<HttpServer> metrics_server_;  // listens on metrics_address_
  const bool output_is_journal_ = is_journal_stream(STDOUT_FILENO);
  const LineFormat output_format_ = output_is_journal_ ? &line_for_journal : &line_for_file;
  AsyncWriter output_{output_sink(output_is_journal_),
                      output_notices(output_format_, trouble_handler()), RetryPolicy{},
                      LogStart::kNow, kQueuedOutput};
  const bool shows_output_ = ::isatty(STDOUT_FILENO) == 1;
  bool workers_may_outlive_us_ = true;
  bool told_ready_ = false;
  SystemdNotifier manager_{io_, notify_settings()};
  Ledger ledger_{take_ledger()};
  std::optional<StateFile> last_good_{take_last_good()};
  Background reading_{io_, kPatienceWithConfiguration};
  std::vector<Told> asked_for_reload_;  // callbacks of the next reload
  bool is_reading_ = false;
  Supervisor supervisor_;
  ControlHandler control_handler_{io_, supervisor_, std::filesystem::absolute(options_.file),
                                  [this](Told told) { reload(std::move(told)); },
                                  [this] { return troubles(); }};
  EventStage stage_{io_, [this](Event event) {
                      control_handler_.note(event);
                      reporter_.report(std::move(event));
                    }};
  std::unique_ptr<ControlListener> control_listener_;  // for operators
  std::string no_control_socket_;                      // why a wanted control socket is missing
  ServiceSignals signals_{io_,
                          blocked_.take_reader(),
                          {[this] { supervisor_.stop(); }, [this] { leave(); },
                           [this] { reload({}); }, [this] { supervisor_.reap_children(); }}};
};

// Returns an empty descriptor if the previous watchdog left none of that name.
UniqueFd Service::take_kept(std::string_view name) {
  const auto found = std::ranges::find(kept_, name, &NamedFd::name);
  if (found == kept_.end()) return {};
  UniqueFd fd = std::move(found->fd);
  kept_.erase(found);
  return fd;
}

// An unusable ledger is treated as missing.
Ledger Service::take_ledger() {
  UniqueFd fd = take_kept(kLedgerName);
  if (!fd) return {};
  try {
    Ledger ledger(std::move(fd));
    is_ledger_kept_ = true;
    return ledger;
  } catch (const std::exception&) {
    manager_.drop(kLedgerName);
    return {};
  }
}

std::optional<StateFile> Service::take_last_good() {
  UniqueFd fd = take_kept(kConfigurationName);
  return fd ? std::optional<StateFile>(std::move(fd)) : std::nullopt;
}

// The file may be changed or gone by the time the next watchdog starts.
void Service::keep_as_last_good(const std::string& text) {
  if (!manager_.is_there()) return;
  if (!last_good_) {
    last_good_.emplace();
    manager_.keep(kConfigurationName, std::array{last_good_->descriptor()});
  }
  last_good_->write(text);
}

int Service::run(const LoadedConfig& loaded) {
  if (!is_ledger_kept_) manager_.keep(kLedgerName, std::array{ledger_.descriptor()});
  kept_.empty() ? configure(loaded) : resume(loaded);
  tell_losses();
  supervisor_.end_strays();
  run_loop();
  output_.finish(kLogFinishLimit);
  stage_.finish();
  reporter_.finish(kLogFinishLimit);
  manager_.finish(kManagerFinishLimit);
  return supervisor_.exit_code();
}

// Reports the events that the previous watchdog had taken, but not written when it was killed.
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

// Running workers must not be abandoned because of a mistake in the file: the configuration that
// they ran under stays in effect, with its logs, metrics and control socket. Nor must they be for a
// port or a log that is unavailable now: the service continues without it.
void Service::resume(const LoadedConfig& loaded) {
  const bool is_good = loaded.problems.empty();
  const auto text = !is_good && last_good_ ? last_good_->read() : std::nullopt;
  const bool goes_on =
      is_good ? resume_with(loaded) : text && resume_with({parse_config(*text), *text});
  if (!goes_on) {
    reporter_.take(Reporter::open(logs_for(options_, Config{}), {}, trouble_handler()));
    metrics_.set_workers(names_of(kept_));
    if (!kept_.empty()) adopt(std::exchange(kept_, {}));
  }
  for (const Problem& problem : loaded.problems) say(describe(problem, options_.file));
  if (!is_good && goes_on) {
    say("the configuration in use is kept; fix the file and reload the service");
  } else if (!goes_on) {
    say("the workers keep running; fix the configuration and reload the service");
  }
}

bool Service::resume_with(const LoadedConfig& loaded) try {
  if (!loaded.problems.empty()) return false;
  std::vector<std::string> failures;
  const auto note = [&](const std::string& why) { failures.push_back(why); };
  configure(loaded,
            Reporter::open(logs_for(options_, loaded.config), {}, trouble_handler(), LogStart::kNow,
                           note),
            note);
  for (const std::string& failure : failures) say(failure + "; the service continues without it");
  return true;
} catch (const std::exception& error) {
  log_error(error.what());
  return false;
}

// An unexpected exception costs one handler of the loop. The workers and the service continue.
void Service::run_loop() {
  while (!io_.stopped()) {
    try {
      io_.run();
    } catch (const std::exception& error) {
      say(std::string("internal error, the service continues: ") + error.what());
    }
  }
}

void Service::configure(const LoadedConfig& loaded) {
  configure(loaded, Reporter::open(logs_for(options_, loaded.config), reporter_.settings(),
                                   trouble_handler()));
}

// Applies all of the configuration or none of it: the steps that can fail come first. With
// `on_failure`, an unavailable resource is reported and left out, and a reload tries it again.
void Service::configure(const LoadedConfig& loaded, Reporter::NewLogs logs,
                        const OnFailure& on_failure) {
  const Config& config = loaded.config;
  const bool moves = config.metrics != metrics_address_;
  std::unique_ptr<HttpServer> server;
  if (moves && config.metrics) server = serve_metrics(*config.metrics, on_failure);
  const std::string path = control_socket(config.control);
  const bool control_moves = path != (control_listener_ ? control_listener_->path() : "");
  std::unique_ptr<ControlListener> listener;
  const bool is_vital = !config.control.socket.empty() && !on_failure;
  if (control_moves && !path.empty()) listener = open_control_listener(path, is_vital);
  keep_as_last_good(loaded.text);
  reporter_.take(std::move(logs));
  if (moves) metrics_server_ = std::move(server);
  metrics_address_ = metrics_server_ ? config.metrics : std::nullopt;
  metrics_.set_workers(names_of(config.workers));
  if (control_moves) control_listener_ = std::move(listener);
  if (!no_control_socket_.empty()) say(std::exchange(no_control_socket_, {}));
  if (!kept_.empty()) adopt(std::exchange(kept_, {}));
  workers_may_outlive_us_ = config.on_watchdog_death == WatchdogDeath::kLeave;
  supervisor_.apply(config);
  if (config.workers.empty()) {
    say("there is no worker; add a [[worker]] to '" + options_.file + "' and reload the service");
  }
}

void Service::adopt(std::vector<NamedFd> kept) {
  supervisor_.adopt(std::move(kept));
  const double now = static_cast<double>(realtime_now_ns()) / 1e9;
  for (const auto& [worker, in_transition] : supervisor_.standings()) {
    const WorkerHistory& past = worker.history();
    ServiceMetrics::Adopted adopted{worker.pid(),
                                    worker.state() == WorkerState::kUp,
                                    now - worker.uptime_seconds(),
                                    worker.restarts(),
                                    std::nullopt,
                                    past.exits,
                                    past.crashes,
                                    past.unwatched};
    if (past.last_crash) {
      adopted.last_crash = static_cast<double>(past.last_crash->realtime_ns) / 1e9;
    }
    metrics_.adopt(worker.config().name, adopted);
  }
}

std::unique_ptr<HttpServer> Service::serve_metrics(const HttpAddress& address,
                                                   const OnFailure& on_failure) try {
  return std::make_unique<HttpServer>(
      io_, address, [this](std::string_view path) { return answer_to(path, metrics_); });
} catch (const StartError& error) {
  if (!on_failure) throw;
  on_failure(error.what());
  return nullptr;
}

// A control socket that the configuration does not name is not essential.
std::unique_ptr<ControlListener> Service::open_control_listener(const std::string& path,
                                                                bool is_vital) try {
  return std::make_unique<ControlListener>(
      io_, path, [this](UniqueFd connection) { control_handler_.admit(std::move(connection)); });
} catch (const StartError& error) {
  if (is_vital) throw;
  no_control_socket_ = error.what();
  return nullptr;
}

// The first half of a restart: hands the workers to the next watchdog. If there is no service
// manager to keep them, or they may not outlive us, they are stopped.
void Service::leave() {
  const bool may_leave =
      manager_.is_there() && workers_may_outlive_us_ && !supervisor_.is_stopping();
  if (!may_leave) return supervisor_.stop();
  signals_.stop_listening();
  manager_.say_stopping();
  io_.stop();
  supervisor_.leave();
}

// The file may have changed since the reload under way began, so a request that arrives meanwhile
// is carried out after it.
void Service::reload(Told told) {
  asked_for_reload_.push_back(std::move(told));
  if (!is_reading_) read_anew();
}

void Service::read_anew() {
  manager_.say_reloading();
  const auto read = std::make_shared<ReadConfiguration>();
  const auto asked = std::make_shared<std::vector<Told>>(std::exchange(asked_for_reload_, {}));
  is_reading_ = reading_.begin(
      [read, options = options_, checks = machine_checks(surroundings_),
       present = reporter_.settings(), on_trouble = trouble_handler()] {
        *read = read_configuration(options, checks, present, on_trouble);
      },
      [this, read, asked](bool done) {
        finish_reload(*asked, done ? take_read(*read)
                                   : std::vector<std::string>{"'" + options_.file +
                                                              "' could not be read in time"});
      });
  if (!is_reading_) finish_reload(*asked, {"earlier attempts to read the file hang"});
}

// The service manager waits for the end of a reload, so READY=1 is sent even if it failed.
void Service::finish_reload(const std::vector<Told>& asked,
                            const std::vector<std::string>& mistakes) {
  is_reading_ = false;
  for (const std::string& mistake : mistakes) say(mistake);
  say(mistakes.empty() ? "configuration reloaded" : "the configuration that is in use stays");
  for (const Told& told : asked) {
    if (told) told(mistakes);
  }
  manager_.say_ready();
  if (!asked_for_reload_.empty()) read_anew();
}

// Applies the configuration that was read. A broken file changes nothing; returns what is wrong
// with it.
std::vector<std::string> Service::take_read(ReadConfiguration& read) {
  std::vector<std::string> mistakes;
  for (const Problem& problem : read.loaded.problems) {
    mistakes.push_back(describe(problem, options_.file));
  }
  if (!read.failure.empty()) mistakes.push_back(read.failure);
  if (!mistakes.empty()) return mistakes;
  try {
    configure(read.loaded, std::move(read.logs));
  } catch (const std::exception& error) {
    mistakes.emplace_back(error.what());
  }
  return mistakes;
}

void Service::report(Event event) {
  if (event.realtime_ns == 0) event.realtime_ns = realtime_now_ns();
  event.host = reporter_.host();
  metrics_.note(event);
  stage_.take(std::move(event));
}

// A terminal would interpret control characters in the output, so it is escaped there; a file gets
// it unchanged. In the journal each line is an entry of its own.
void Service::write_output(std::vector<std::string> lines) {
  if (output_is_journal_) {
    for (std::string& line : lines) output_.write(std::move(line));
    return;
  }
  std::string all;
  for (const std::string& line : lines) all += line;
  output_.write(shows_output_ ? escape_lines(all) : std::move(all));
}

// Trouble with one log is reported as an event to the others, and also on stderr if no log goes
// there.
TroubleHandler Service::trouble_handler() {
  return [this, post = entrance_.poster()](const std::string& trouble) {
    post([this, trouble] {
      const bool is_told_there = std::ranges::any_of(
          reporter_.settings(),
          [](const LogSettings& log) { return std::holds_alternative<StderrLog>(log.target); });
      if (!is_told_there) log_error(trouble);
      say(trouble);
    });
  };
}

std::vector<std::string> Service::troubles() const {
  auto errors = reporter_.errors();
  errors[kOutputName] = output_.error();
  std::vector<std::string> troubles;
  for (const auto& [name, error] : errors) {
    if (error != 0) troubles.push_back(name + ": " + std::generic_category().message(error));
  }
  return troubles;
}

void Service::say(std::string message) {
  report(notice(ourselves(), std::move(message)));
}

void Service::on_settled() {
  control_handler_.look_again();
  tell_manager();
}

std::vector<NamedState> Service::states_of_workers() const {
  std::vector<NamedState> states;
  for (const auto& standing : supervisor_.standings()) {
    std::optional<std::chrono::duration<double>> delay;
    if (const auto retry = standing.worker.retry_in_seconds()) delay.emplace(*retry);
    states.push_back({standing.worker.config().name, std::string(standing.state()), delay});
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

// The service is ready once the first workers have been started; the others wait only for these.
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

// The descriptor limit is raised first: the descriptors kept for us may nearly exhaust it.
int run_service(const ServiceOptions& options) {
  const auto limit_before = raise_descriptor_limit();
  std::vector<NamedFd> kept = take_listen_fds();
  close_all_but(kept);
  fill_closed_standard_streams();
  use_batch_scheduling();
  Service service(options, limit_before, std::move(kept));
  const LoadedConfig loaded = service.load();
  for (const Problem& problem : loaded.problems) log_error(describe(problem, options.file));
  return loaded.problems.empty() || service.has_workers() ? service.run(loaded) : kExitOwnError;
}

}  // namespace pyfault

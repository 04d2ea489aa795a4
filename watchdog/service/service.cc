#include "watchdog/service/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>
#include <variant>

#include "watchdog/ingest/notice.h"
#include "watchdog/log_error.h"
#include "watchdog/loop/deferred.h"
#include "watchdog/metrics/answers.h"
#include "watchdog/metrics/resident_memory.h"
#include "watchdog/os/clock.h"
#include "watchdog/service/status_text.h"
#include "watchdog/supervise/agent_environment.h"

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

// The logs of the file; also that of --log if the option was given or the file has none.
std::vector<LogSettings> logs_for(const ServiceOptions& options, const Config& config) {
  std::vector<LogSettings> logs = config.logs;
  if (logs.empty() || options.log) logs.push_back(log_by_option(options.log, options.log_format));
  return logs;
}

std::vector<std::string> names_of(const std::vector<WorkerConfig>& workers) {
  std::vector<std::string> names;
  for (const WorkerConfig& worker : workers) names.push_back(worker.name);
  return names;
}

// Each descriptor is named "WORKER/...".
std::vector<std::string> names_of(const std::vector<NamedFd>& inherited) {
  std::set<std::string> names;
  for (const NamedFd& each : inherited) names.insert(each.name.substr(0, each.name.find('/')));
  return {names.begin(), names.end()};
}

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

}  // namespace

Service::Service(const ServiceOptions& options, const std::optional<rlimit>& descriptor_limit,
                 std::vector<NamedFd> inherited)
    : options_(options),
      inherited_(std::move(inherited)),
      surroundings_(
          surroundings_for(options, blocked_.original_mask(), cgroup_.get(), descriptor_limit)),
      metrics_({[this] { return gauges(); }, [](int pid) { return resident_memory(pid); },
                [this] { return reporter_.dropped(); }, [this] { return reporter_.errors(); },
                [this] { return guests_.watched(); }}),
      events_(io_, reporter_.host(), metrics_),
      supervisor_(io_, surroundings_, manager_, store_.ledger(), events_, crashes_,
                  {[this](std::vector<std::string> lines) { output_.write(std::move(lines)); },
                   [this] { on_settled(); }, [this] { io_.stop(); }},
                  output_.format(), output_.default_limit()),
      guests_(
          {io_, manager_, store_.ledger(), events_, crashes_.of_guests(), supervisor_.attached()},
          inherited_),
      control_handler_(
          io_, supervisor_, guests_, std::filesystem::absolute(options.file),
          [this](ConfigReload::Done done) { reload_.request(std::move(done)); },
          [this] { return troubles(); }),
      listeners_(
          io_, [this](std::string_view path) { return answer_to(path, metrics_); },
          [this](UniqueFd connection) { control_handler_.admit(std::move(connection)); }),
      signals_(io_, blocked_.take_reader(),
               {[this] { supervisor_.stop(); }, [this] { leave(); },
                [this] { reload_.request({}); }, [this] { supervisor_.reap_children(); }}) {
  events_.add(crashes_);
  events_.add(control_handler_);
  events_.add(reporter_);
}

int Service::run(const LoadedConfig& loaded) {
  if (has_workers()) {
    resume(loaded);
  } else {
    configure(loaded, Reporter::open(logs_for(options_, loaded.config), reporter_.settings(),
                                     trouble_handler()));
  }
  store_.keep_ledger();
  if (store_.ledger().has_inherited()) {
    // When the rings that were left have been read. No file is read by the loop.
    run_later(io_, [this, written = reporter_.ends_of_files()] { tell_losses(written); });
  }
  supervisor_.end_strays();
  run_loop();
  guests_.finish();
  output_.finish(kLogFinishLimit);
  events_.finish();
  reporter_.finish(kLogFinishLimit);
  manager_.finish(kManagerFinishLimit);
  return supervisor_.exit_code();
}

// Running workers must not be abandoned because of a mistake in the file: the configuration that
// they ran under stays in effect, with its logs, metrics and control socket. Nor must they be for a
// port or a log that is unavailable now: the service continues without it.
void Service::resume(const LoadedConfig& loaded) {
  const bool is_good = loaded.problems.empty();
  const auto text = is_good ? std::nullopt : store_.configuration();
  const bool goes_on =
      is_good ? resume_with(loaded) : text && resume_with({parse_config(*text), *text});
  if (!goes_on) {
    reporter_.take(Reporter::open(logs_for(options_, Config{}), {}, trouble_handler()));
    metrics_.set_workers(names_of(inherited_));
    adopt();
    guests_.apply(Config{}.guests);
  }
  for (const Problem& problem : loaded.problems) events_.say(describe(problem, options_.file));
  if (!is_good && goes_on) {
    events_.say("the configuration in use is kept; fix the file and reload the service");
  } else if (!goes_on) {
    events_.say("the workers keep running; fix the configuration and reload the service");
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
  for (const std::string& failure : failures) {
    events_.say(failure + "; the service continues without it");
  }
  return true;
} catch (const std::exception& error) {
  log_error(error.what());
  return false;
}

// Applies all of the configuration or none of it: the steps that can fail come first.
void Service::configure(const LoadedConfig& loaded, Reporter::NewLogs logs,
                        const Listeners::OnFailure& on_failure) {
  const Config& config = loaded.config;
  Listeners::Changes listeners = listeners_.open(config, on_failure);
  store_.keep_configuration(loaded.text);
  reporter_.take(std::move(logs));
  metrics_.set_workers(names_of(config.workers));
  if (!listeners.missing_control.empty()) events_.say(listeners.missing_control);
  listeners_.take(std::move(listeners));
  adopt();
  events_.set_redaction(config.redaction);
  crashes_.set_redaction(config.redaction);
  workers_may_outlive_us_ = config.on_watchdog_death == WatchdogDeath::kLeave;
  supervisor_.apply(config);
  guests_.apply(config.guests);
  if (config.workers.empty()) {
    events_.say("there is no worker; add a [[worker]] to '" + options_.file +
                "' and reload the service");
  }
}

void Service::adopt() {
  if (inherited_.empty()) return;
  supervisor_.adopt(std::exchange(inherited_, {}));
  const double now = static_cast<double>(realtime_now_ns()) / 1e9;
  for (const WorkerSnapshot& worker : supervisor_.snapshots()) {
    const WorkerHistory& past = worker.history;
    ServiceMetrics::Adopted adopted{std::nullopt, worker.restarts, std::nullopt,
                                    past.exits,   past.crashes,    past.unwatched};
    if (worker.pid != 0) adopted.started = now - worker.uptime_seconds;
    if (past.last_crash) {
      adopted.last_crash = static_cast<double>(past.last_crash->realtime_ns) / 1e9;
    }
    metrics_.adopt(worker.config.name, adopted);
  }
}

// Reports the events that the previous watchdog had taken, but not written when it was killed.
void Service::tell_losses(const std::string& written) {
  auto lost = store_.ledger().take_inherited();
  const auto arrivals =
      std::partition(lost.begin(), lost.end(), [](const auto& each) { return each.records > 0; });
  const auto arrived = static_cast<std::size_t>(lost.end() - arrivals);
  if (arrived > 0) {
    tell_loss(
        fmt::format("the watchdog before this one was killed while it received {} dead {}: what "
                    "crashed in {} may not be reported",
                    arrived, arrived == 1 ? "process" : "processes", arrived == 1 ? "it" : "them"),
        0, {std::make_move_iterator(arrivals), std::make_move_iterator(lost.end())});
    lost.resize(lost.size() - arrived);
  }
  std::erase_if(lost, [&](const auto& each) { return written.find(each.id) != written.npos; });
  if (lost.empty()) return;
  std::uint64_t records = 0;
  std::string ids;
  for (const auto& each : lost) {
    records += each.records;
    ids += " " + each.id;
  }
  tell_loss(fmt::format("{} {} lost with the watchdog before this one:{}", records,
                        records == 1 ? "report was" : "reports were", ids),
            records, std::move(lost));
}

// The entries stay in the ledger until the notice is written.
void Service::tell_loss(std::string message, std::uint64_t records,
                        std::vector<Ledger::Inherited> lost) {
  Event event = notice(ourselves(), std::move(message));
  std::get<NoticeEvent>(event.body).dropped_records = records;
  event.receipt = std::make_shared<std::vector<Ledger::Inherited>>(std::move(lost));
  events_.on_event(std::move(event));
}

// An unexpected exception costs one handler of the loop. The workers and the service continue.
void Service::run_loop() {
  while (!io_.stopped()) {
    try {
      io_.run();
    } catch (const std::exception& error) {
      events_.say(std::string("internal error, the service continues: ") + error.what());
    }
  }
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
  guests_.leave();
}

ConfigReload::Steps Service::reload_steps() {
  ConfigReload::Steps steps;
  steps.begin = [this] {
    manager_.say_reloading();
    return [options = options_, checks = machine_checks(surroundings_),
            present = reporter_.settings(), on_trouble = trouble_handler()] {
      return read_configuration(options, checks, present, on_trouble);
    };
  };
  steps.apply = [this](ReadConfiguration& read) { return apply(read); };
  // The service manager waits for the end of a reload, so READY=1 is sent even if it failed.
  steps.end = [this](const std::vector<std::string>& mistakes) {
    for (const std::string& mistake : mistakes) events_.say(mistake);
    events_.say(mistakes.empty() ? "configuration reloaded"
                                 : "the configuration that is in use stays");
    manager_.say_ready();
  };
  return steps;
}

std::vector<std::string> Service::apply(ReadConfiguration& read) {
  std::vector<std::string> mistakes;
  for (const Problem& problem : read.loaded.problems) {
    mistakes.push_back(describe(problem, options_.file));
  }
  if (!read.failure.empty()) mistakes.push_back(read.failure);
  if (supervisor_.is_stopping()) mistakes.emplace_back("the service is being stopped");
  if (!mistakes.empty()) return mistakes;
  try {
    configure(read.loaded, std::move(read.logs));
  } catch (const std::exception& error) {
    mistakes.emplace_back(error.what());
  }
  return mistakes;
}

// The service is ready once the first workers have been started; the others wait only for these.
void Service::on_settled() {
  const std::vector<WorkerSnapshot> workers = supervisor_.snapshots();
  control_handler_.on_change(workers);
  manager_.say_status(status_text(workers));
  if (!std::exchange(told_ready_, true)) manager_.say_ready();
  if (supervisor_.is_stopping()) manager_.say_stopping();
}

std::map<std::string, WorkerGauges> Service::gauges() const {
  std::map<std::string, WorkerGauges> gauges;
  for (const WorkerSnapshot& worker : supervisor_.snapshots()) {
    gauges[worker.config.name] = {
        worker.pid,           worker.state == WorkerState::kUp,    worker.rests(),
        worker.in_crash_loop, worker.retry_in_seconds.value_or(0), worker.watched_processes};
  }
  return gauges;
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
      events_.say(trouble);
    });
  };
}

std::vector<std::string> Service::troubles() const {
  auto errors = reporter_.errors();
  errors[CapturedOutput::kName] = output_.error();
  std::vector<std::string> troubles;
  for (const auto& [name, error] : errors) {
    if (error != 0) troubles.push_back(name + ": " + std::generic_category().message(error));
  }
  return troubles;
}

}  // namespace pyfault

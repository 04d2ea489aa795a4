// The service: its workers, and all that it opens for them. run_service() makes one and runs it.
#pragma once

#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/config/parse_config.h"
#include "watchdog/loop/loop_poster.h"
#include "watchdog/metrics/service_metrics.h"
#include "watchdog/options.h"
#include "watchdog/os/listen_fds.h"
#include "watchdog/reporter.h"
#include "watchdog/service/captured_output.h"
#include "watchdog/service/config_reload.h"
#include "watchdog/service/control_handler.h"
#include "watchdog/service/event_router.h"
#include "watchdog/service/guests.h"
#include "watchdog/service/listeners.h"
#include "watchdog/service/service_signals.h"
#include "watchdog/service/service_store.h"
#include "watchdog/service/supervisor.h"
#include "watchdog/service/systemd_notifier.h"
#include "watchdog/service/worker_crashes.h"
#include "watchdog/service/worker_program.h"
#include "watchdog/supervise/delegated_cgroup.h"

namespace pyfault {

class Service {
 public:
  // `inherited` is what the previous watchdog left with the service manager. `descriptor_limit` is
  // the limit before we raised it, for the workers; none: not raised. `options` must outlive the
  // service. Throws StartError if the agent is missing, and std::system_error.
  Service(const ServiceOptions& options, const std::optional<rlimit>& descriptor_limit,
          std::vector<NamedFd> inherited);
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Reads the configuration file, which may block.
  LoadedConfig load() const { return load_config(options_.file, machine_checks(surroundings_)); }

  // Whether an earlier watchdog left workers.
  bool has_workers() const { return !inherited_.empty(); }

  // Applies the configuration and runs until the service is told to stop. A configuration with
  // problems must not be passed unless has_workers(). Returns the exit code; throws StartError if a
  // configured resource is unavailable.
  int run(const LoadedConfig& loaded);

 private:
  void configure(const LoadedConfig& loaded, Reporter::NewLogs logs,
                 const Listeners::OnFailure& on_failure = {});
  void resume(const LoadedConfig& loaded);
  bool resume_with(const LoadedConfig& loaded);
  void adopt();
  // `written`: what the logs have so far.
  void tell_losses(const std::string& written);
  void tell_loss(std::string message, std::uint64_t records, std::vector<Ledger::Inherited> lost);
  void run_loop();
  void leave();

  ConfigReload::Steps reload_steps();
  std::vector<std::string> apply(ReadConfiguration& read);

  void on_settled();
  std::map<std::string, WorkerGauges> gauges() const;
  TroubleHandler trouble_handler();
  std::vector<std::string> troubles() const;

  BlockedSignals blocked_;  // first: the threads of the logs inherit the mask
  const ServiceOptions& options_;
  std::vector<NamedFd> inherited_;  // of workers, until they are adopted
  const std::unique_ptr<DelegatedCgroup> cgroup_ = DelegatedCgroup::take();
  const WorkerSurroundings surroundings_;
  boost::asio::io_context io_{1};
  const LoopPoster entrance_{io_};  // lets the logs' threads post to the loop
  Reporter reporter_{std::vector<LogSettings>()};
  ServiceMetrics metrics_;
  EventRouter events_;
  WorkerCrashes crashes_{reporter_.host()};
  CapturedOutput output_{trouble_handler()};
  SystemdNotifier manager_{io_, notify_settings()};
  ServiceStore store_{manager_, inherited_};
  Supervisor supervisor_;
  Guests guests_;
  ConfigReload reload_{io_, options_.file, reload_steps()};
  ControlHandler control_handler_;
  Listeners listeners_;
  ServiceSignals signals_;
  bool workers_may_outlive_us_ = true;
  bool told_ready_ = false;
};

}  // namespace pyfault

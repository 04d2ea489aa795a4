#include "watchdog/service/service.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>

#include "watchdog/complain.h"
#include "watchdog/config/parse_config.h"
#include "watchdog/format/rfc3339.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/reporter.h"
#include "watchdog/service/service_signals.h"
#include "watchdog/service/supervisor.h"
#include "watchdog/start_error.h"
#include "watchdog/supervise/agent_environment.h"
#include "watchdog/supervise/standard_streams.h"

namespace pyfault {
namespace {

// A log that nobody reads must not keep us from ending; a slow disk gets its chance.
constexpr std::chrono::seconds kLogFinishLimit{5};

WorkerSurroundings surroundings_for(const ServiceOptions& options, const sigset_t& signal_mask) {
  return {options.python, find_agent(), environ, signal_mask};
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

class Service {
 public:
  explicit Service(const ServiceOptions& options)
      : options_(options),
        surroundings_(surroundings_for(options, signals_.original_mask())),
        reporter_(options.log, options.log_format),
        output_(our_stdout(), output_notices()),
        supervisor_(io_, surroundings_,
                    {[this](Event event) { reporter_.report(std::move(event)); },
                     [this](std::string lines) { output_.write(std::move(lines)); },
                     [this] { io_.stop(); }}) {}

  int run(const Config& config);

  ParsedConfig load() const { return load_config(options_.file, machine_checks(surroundings_)); }

 private:
  void run_loop();
  void reload();
  void say(std::string message);

  ServiceSignals signals_;  // first: the threads of the logs inherit the mask
  const ServiceOptions& options_;
  const WorkerSurroundings surroundings_;
  boost::asio::io_context io_{1};
  Reporter reporter_;
  ReportLog output_;
  Supervisor supervisor_;
};

int Service::run(const Config& config) {
  signals_.listen(io_, {[this] { supervisor_.stop(); }, [this] { reload(); },
                        [this] { supervisor_.reap_children(); }});
  supervisor_.apply(config);
  run_loop();
  output_.finish(kLogFinishLimit);
  reporter_.finish(kLogFinishLimit);
  return supervisor_.exit_code();
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

// A broken file changes nothing.
void Service::reload() {
  const ParsedConfig parsed = load();
  for (const Problem& problem : parsed.problems) say(describe(problem, options_.file));
  if (!parsed.problems.empty()) {
    return say("the configuration that is in use stays, as the new one has mistakes");
  }
  say("the configuration was read anew");
  supervisor_.apply(parsed.config);
}

void Service::say(std::string message) {
  Process process;
  process.pid = ::getpid();
  process.name = "pyfault-watchdog";
  reporter_.report(notice(std::move(process), std::move(message)));
}

}  // namespace

int run_service(const ServiceOptions& options) {
  for (const int fd : inherited_descriptors()) ::close(fd);
  fill_closed_standard_streams();
  Service service(options);
  const ParsedConfig parsed = service.load();
  for (const Problem& problem : parsed.problems) complain(describe(problem, options.file));
  return parsed.problems.empty() ? service.run(parsed.config) : kExitOwnError;
}

}  // namespace pyfault

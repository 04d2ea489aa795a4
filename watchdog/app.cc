#include "watchdog/app.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>

#include "watchdog/complain.h"
#include "watchdog/enrich/process_info.h"
#include "watchdog/ingest/attach_server.h"
#include "watchdog/ingest/readable_fd.h"
#include "watchdog/oom_watch.h"
#include "watchdog/os/descriptor_limit.h"
#include "watchdog/os/pidfd.h"
#include "watchdog/program_run.h"
#include "watchdog/reporter.h"
#include "watchdog/service/process_tree.h"
#include "watchdog/supervise/agent_environment.h"
#include "watchdog/supervise/child_process.h"
#include "watchdog/supervise/command.h"
#include "watchdog/supervise/oom_kills.h"
#include "watchdog/supervise/signal_forwarding.h"
#include "watchdog/supervise/standard_streams.h"

namespace pyfault {
namespace {

using Clock = std::chrono::steady_clock;

// A stderr that nobody reads must not keep us from ending; a slow disk gets its chance.
constexpr std::chrono::seconds kLogFinishLimit{5};

// ReadableFd owns what it watches; these belong to others.
UniqueFd duplicate(int fd) {
  return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

class Watch {
 public:
  explicit Watch(const Options& options)
      : reporter_({log_by_option(options.log, options.log_format)}),
        server_(
            io_, [this](Event event) { on_event(std::move(event)); },
            AttachLimits{.all_exits = options.all_exits},
            [this](const Process& process) { program_.refresh(process); }) {}

  ChildProcess start(const Options& options);
  void run(const ChildProcess& child);
  void forward_until_end(const ChildProcess& child);
  void drain() { server_.drain(); }
  bool oom_kills_rose(const ChildProcess& child) const { return oom_kills_.rose(child.pid()); }
  void report_end(const ChildEnd& end);

 private:
  void on_event(Event event);

  SignalForwarding signals_;  // first: the log's thread inherits the mask
  boost::asio::io_context io_{1};
  Reporter reporter_;
  AttachServer server_;
  std::string path_;
  std::vector<std::string> argv_;
  Clock::time_point started_;
  ProgramRun program_;
  OomKills oom_kills_{::getpid()};
};

void Watch::on_event(Event event) {
  if (auto* exit = std::get_if<ExitEvent>(&event.body)) {
    if (event.process.pid == program_.pid()) return;  // told when it has been reaped
    exit->parents = parents_from(event.process.ppid, program_.pid());
  }
  program_.note(event);
  reporter_.report(std::move(event));
}

ChildProcess Watch::start(const Options& options) {
  Command command = resolve_command(options.command, options.python);
  path_ = locate(command);
  auto environment = watched_environment(environ, find_agent(), server_.address());
  argv_ = command.argv;
  signals_.keep_early();
  started_ = Clock::now();
  return ChildProcess::spawn(
      {path_, std::move(command.argv), std::move(environment), signals_.original_mask()});
}

void Watch::run(const ChildProcess& child) {
  Process process =
      read_process(child.pid()).value_or(Process{child.pid(), ::getpid(), "", "", {}});
  // It may have ended already.
  if (process.command.empty()) process.command = argv_;
  if (process.executable.empty()) process.executable = path_;
  program_ = ProgramRun(std::move(process));
  reporter_.report(program_.start_event());

  const auto forward = [&] { signals_.forward(child.pidfd(), child.pid()); };
  forward();
  ReadableFd signal(io_, duplicate(signals_.fd()), forward);
  ReadableFd end(io_, duplicate(child.pidfd()), [this] { io_.stop(); });
  OomWatch others(io_, oom_kills_, child.pid());
  signal.start();
  end.start();
  io_.run();
}

// Returns at once after run(), unless that was cut short: then the program is still looked after.
void Watch::forward_until_end(const ChildProcess& child) {
  pollfd either[] = {{child.pidfd(), POLLIN, 0}, {signals_.fd(), POLLIN, 0}};
  while (!has_exited(child.pidfd())) {
    ::poll(either, std::size(either), -1);
    signals_.forward(child.pidfd(), child.pid());
  }
}

void Watch::report_end(const ChildEnd& end) {
  const std::chrono::duration<double> uptime = Clock::now() - started_;
  reporter_.report(program_.exit_event(end, uptime.count()));
  reporter_.finish(kLogFinishLimit);
}

// For what must not fail once the program runs: it goes on, and so do we.
template <typename Step>
void guarded(Step step) {
  try {
    step();
  } catch (const std::exception& error) {
    complain(std::string("internal error, the program goes on: ") + error.what());
  }
}

}  // namespace

int watch_program(const Options& options) {
  const std::vector<int> inherited = inherited_descriptors();
  fill_closed_standard_streams();
  Watch watch(options);
  ChildProcess child = watch.start(options);
  release_program_descriptors(inherited);
  raise_descriptor_limit();
  guarded([&] { watch.run(child); });
  watch.forward_until_end(child);
  // Before the process leaves /proc.
  guarded([&] { watch.drain(); });
  bool oom_kills_rose = false;
  guarded([&] { oom_kills_rose = watch.oom_kills_rose(child); });
  ChildEnd end = child.reap();
  end.oom_kills_rose = oom_kills_rose;
  guarded([&] { watch.report_end(end); });
  return end.wait_status;
}

}  // namespace pyfault

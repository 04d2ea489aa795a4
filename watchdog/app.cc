#include "watchdog/app.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "watchdog/enrich/process_info.h"
#include "watchdog/ingest/attach_server.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/ingest/readable_fd.h"
#include "watchdog/ingest/timer.h"
#include "watchdog/log/event_stage.h"
#include "watchdog/log_error.h"
#include "watchdog/oom_watch.h"
#include "watchdog/orphan_reaper.h"
#include "watchdog/os/descriptor_limit.h"
#include "watchdog/os/journal_stream.h"
#include "watchdog/os/pidfd.h"
#include "watchdog/os/require.h"
#include "watchdog/os/scheduling.h"
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

// Most programs that live for no longer have nothing to report.
constexpr std::chrono::milliseconds kLogStart{100};
// Until something is worth being told of, or worth waiting for no longer.
constexpr std::chrono::seconds kLingerMoment{2};
// In milliseconds: until the copy of this process has left our process group.
constexpr int kMaxForCopy = 1000;
// That the program's end may be held up where it leaves somebody behind whom nobody will watch.
constexpr std::chrono::milliseconds kMomentForHelpers{100};

// Whoever reads a pipe or a socket may wait for its end, and would wait for ours.
bool outlives_caller(const LogSettings& log) {
  struct stat status {};
  const auto* file = std::get_if<FileLog>(&log.target);
  const bool is_there = file != nullptr ? ::stat(file->path.c_str(), &status) == 0
                                        : ::fstat(STDERR_FILENO, &status) == 0;
  const bool is_read = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode);
  return is_there && (!is_read || is_journal_stream(status));
}

std::string left_behind(std::size_t processes) {
  return std::to_string(processes) + (processes == 1 ? " process that it has left behind is"
                                                     : " processes that it has left behind are");
}

// ReadableFd owns what it watches; these belong to others.
UniqueFd duplicate(int fd) {
  return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

// For what must not fail once the program runs: it goes on, and so do we.
template <typename Step>
void guarded(Step step) {
  try {
    step();
  } catch (const std::exception& error) {
    log_error(std::string("internal error, the program continues: ") + error.what());
  }
}

class Watch {
 public:
  explicit Watch(const Options& options)
      : log_(log_by_option(options.log, options.log_format)),
        reporter_(std::make_unique<Reporter>(std::vector{log_}, LogStart::kLater)),
        server_(
            io_, [this](Event event) { on_event(std::move(event)); },
            AttachLimits{.all_exits = options.all_exits, .dump_before = options.dump_before},
            [this](const Process& process) { program_.refresh(process); }) {}

  ChildProcess start(const Options& options);
  void run(const ChildProcess& child);
  void forward_until_end(const ChildProcess& child);
  void drain() { server_.drain(); }
  bool oom_kills_rose(const ChildProcess& child) const { return oom_kills_->rose(child.pid()); }
  void report_end(const ChildEnd& end);
  void finish();

  // True in a copy of this process, which stays with what the program has left behind; false in
  // the process itself, which is to end for its caller.
  bool stay_behind();
  void look_after_the_rest();

 private:
  std::unique_ptr<EventStage> new_stage();
  void on_event(Event event);
  void report(Event event);
  void tell_that_nobody_stays();
  void tell_of_the_rest();
  void say(std::string message);

  SignalForwarding signals_;  // first: the log's thread inherits the mask
  boost::asio::io_context io_{1};
  const LogSettings log_;
  std::unique_ptr<Reporter> reporter_;
  std::unique_ptr<EventStage> stage_ = new_stage();
  AttachServer server_;
  std::vector<std::string> argv_;
  Clock::time_point started_;
  ProgramRun program_;
  std::optional<OomKills> oom_kills_;
  bool finished_ = false;
};

void Watch::on_event(Event event) {
  if (auto* exit = std::get_if<ExitEvent>(&event.body)) {
    if (event.process.pid == program_.pid()) return;  // told when it has been reaped
    exit->parents = parents_from(event.process.ppid, program_.pid());
  }
  if (event.process.pid == program_.pid() && event.process.command.empty())
    event.process.command = argv_;
  program_.note(event);
  report(std::move(event));
}

std::unique_ptr<EventStage> Watch::new_stage() {
  return std::make_unique<EventStage>(io_,
                                      [this](Event event) { reporter_->report(std::move(event)); });
}

void Watch::report(Event event) {
  if (event.realtime_ns == 0) event.realtime_ns = realtime_now_ns();
  stage_->take(std::move(event));
}

ChildProcess Watch::start(const Options& options) {
  Command command = resolve_command(options.command, options.python);
  ProgramSearch search = search_for(command);
  auto environment = watched_environment(environ, find_agent(), server_.address());
  argv_ = command.argv;
  signals_.keep_early();
  started_ = Clock::now();
  const SpawnPlan plan{std::move(command), std::move(search), std::move(environment),
                       signals_.original_mask()};
  oom_kills_.emplace(::getpid());  // before there is anybody to be killed
  return ChildProcess::spawn(plan);
}

void Watch::run(const ChildProcess& child) {
  Timer log_start(io_);
  log_start.start(kLogStart, [this] { reporter_->start_if_possible(); });
  Process process =
      read_process(child.pid()).value_or(Process{child.pid(), ::getpid(), "", "", {}});
  process.command = argv_;
  // It may have ended already.
  if (process.executable.empty()) process.executable = child.program().path;
  program_ = ProgramRun(std::move(process));
  report(program_.start_event());
  server_.expect(child.pid(), child.program().file);

  const auto forward = [&] { signals_.forward(child.pidfd(), child.pid()); };
  forward();
  ReadableFd signal(io_, duplicate(signals_.fd()), forward);
  ReadableFd end(io_, duplicate(child.pidfd()), [this] { io_.stop(); });
  OomWatch others(io_, *oom_kills_, child.pid());
  OrphanReaper orphans(io_, child.pid());
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
  report(program_.exit_event(end, uptime.count()));
}

void Watch::finish() {
  if (std::exchange(finished_, true)) return;
  stage_->finish();
  reporter_->finish(kLogFinishLimit);
}

// Helpers of the program that notice its end are not worth a word.
void Watch::tell_that_nobody_stays() {
  io_.restart();
  server_.on_last_session_end([this] { io_.stop(); });
  io_.run_for(kMomentForHelpers);
  const std::size_t left = server_.watched();
  if (left == 0) return;
  say(name_and_pid(program_.process()) + " has ended; " + left_behind(left) +
      " no longer watched: the reports go to a pipe or socket, whose reader may wait for the "
      "watchdog to end; name a file with --log");
}

// Where we are the first process of a container, all others end with us.
bool Watch::stay_behind() {
  if (server_.watched() == 0 || ::getpid() == 1) return false;
  if (!outlives_caller(log_)) {
    tell_that_nobody_stays();
    return false;
  }
  finish();  // and its thread, which would not be in the copy
  std::array<int, 2> ready{};
  require(::pipe2(ready.data(), O_CLOEXEC) == 0, "pipe2");
  const UniqueFd ours(ready[0]);
  UniqueFd its(ready[1]);
  io_.notify_fork(boost::asio::io_context::fork_prepare);
  const pid_t copy = ::fork();
  io_.notify_fork(copy == 0 ? boost::asio::io_context::fork_child
                            : boost::asio::io_context::fork_parent);
  if (copy == 0) ::setsid();
  its.reset();
  require(copy >= 0, "fork");
  if (copy == 0) return true;
  server_.leave();
  // Whoever waits for our end may then end our process group.
  pollfd has_left{ours.get(), POLLIN, 0};
  ::poll(&has_left, 1, kMaxForCopy);
  return false;
}

// One that ends soon, as helpers of the program do that notice its end, is not worth a word. One
// that executes something else is gone for a moment.
void Watch::look_after_the_rest() {
  auto reporter = std::make_unique<Reporter>(std::vector{log_});
  if (!std::holds_alternative<StderrLog>(log_.target)) release_stderr();
  // Their threads are not here to let go of them.
  static_cast<void>(reporter_.release());
  static_cast<void>(stage_.release());
  reporter_ = std::move(reporter);
  stage_ = new_stage();
  finished_ = false;
  server_.allow_known_users();

  io_.restart();
  ReadableFd signal(io_, duplicate(signals_.fd()), [this] {
    if (signals_.take_request_to_end()) io_.stop();
  });
  signal.start();
  Timer telling(io_);
  telling.start(kLingerMoment, [this] { tell_of_the_rest(); });
  Timer leaving(io_);
  const auto leave_soon = [&] {
    leaving.start(kLingerMoment, [this] {
      if (server_.watched() == 0) io_.stop();
    });
  };
  server_.on_last_session_end(leave_soon);
  if (server_.watched() == 0) leave_soon();
  while (!io_.stopped()) guarded([this] { io_.run(); });
  server_.on_last_session_end({});
}

void Watch::tell_of_the_rest() {
  const std::size_t left = server_.watched();
  if (left == 0) return;
  say(name_and_pid(program_.process()) + " has ended; " + left_behind(left) +
      " watched until the last has ended (--no-linger: not at all)");
}

void Watch::say(std::string message) {
  report(notice(ourselves(), std::move(message)));
}

}  // namespace

int watch_program(const Options& options) {
  const std::vector<int> inherited = inherited_descriptors();
  fill_closed_standard_streams();
  Watch watch(options);
  ChildProcess child = watch.start(options);
  release_program_descriptors(inherited);
  raise_descriptor_limit();
  use_batch_scheduling();
  guarded([&] { watch.run(child); });
  watch.forward_until_end(child);
  // Before the process leaves /proc.
  guarded([&] { watch.drain(); });
  bool oom_kills_rose = false;
  guarded([&] { oom_kills_rose = watch.oom_kills_rose(child); });
  const auto caught = caught_signals(child.pid());
  ChildEnd end = child.reap();
  end.oom_kills_rose = oom_kills_rose;
  end.caught_signals = caught;
  guarded([&] { watch.report_end(end); });
  bool stays = false;
  if (options.lingers) guarded([&] { stays = watch.stay_behind(); });
  if (stays) {
    guarded([&] {
      watch.look_after_the_rest();
      watch.drain();
    });
    end.wait_status = 0;
  }
  guarded([&] { watch.finish(); });
  return end.wait_status;
}

}  // namespace pyfault

#include "watchdog/app.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "watchdog/enrich/process_info.h"
#include "watchdog/format/format.h"
#include "watchdog/ingest/agent_listener.h"
#include "watchdog/ingest/attach_server.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/log/event_stage.h"
#include "watchdog/log_error.h"
#include "watchdog/loop/readable_fd.h"
#include "watchdog/loop/timer.h"
#include "watchdog/oom_watch.h"
#include "watchdog/orphan_reaper.h"
#include "watchdog/os/clock.h"
#include "watchdog/os/descriptor_limit.h"
#include "watchdog/os/journal_stream.h"
#include "watchdog/os/pidfd.h"
#include "watchdog/os/read_file.h"
#include "watchdog/os/require.h"
#include "watchdog/os/scheduling.h"
#include "watchdog/process_history.h"
#include "watchdog/reporter.h"
#include "watchdog/service/process_tree.h"
#include "watchdog/start_error.h"
#include "watchdog/supervise/agent_environment.h"
#include "watchdog/supervise/child_process.h"
#include "watchdog/supervise/command.h"
#include "watchdog/supervise/oom_kills.h"
#include "watchdog/supervise/signal_forwarding.h"
#include "watchdog/supervise/standard_streams.h"
#include "watchdog/symbolize/symbolizer_path.h"

namespace pyfault {
namespace {

using Clock = std::chrono::steady_clock;

// A stderr without a reader must not prevent the exit, but a slow disk gets enough time.
constexpr std::chrono::seconds kLogFinishLimit{5};

// The log's thread is started after this time: most shorter programs have nothing to report.
constexpr std::chrono::milliseconds kLogStart{100};
// How long processes have to stay behind to be reported, and to be gone before the watchdog ends.
constexpr std::chrono::seconds kLingerMoment{2};
// How long to wait for the copy of this process to leave our process group, in milliseconds.
constexpr int kMaxForCopy = 1000;
// How long to delay the exit for processes left behind that will not be watched any more.
constexpr std::chrono::milliseconds kMomentForHelpers{100};

// Whether the watchdog may outlive its caller with this log. The reader of a pipe or socket may
// wait for EOF, and so for the watchdog to end.
bool outlives_caller(const LogSettings& log) {
  struct stat status {};
  const auto* file = std::get_if<FileLog>(&log.target);
  const bool is_there = file != nullptr ? ::stat(file->path.c_str(), &status) == 0
                                        : ::fstat(STDERR_FILENO, &status) == 0;
  const bool is_read = S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode);
  return is_there && (!is_read || is_journal_stream(status));
}

std::string left_behind(std::size_t processes) {
  return processes == 1 ? "1 process that it has left behind is"
                        : fmt::format("{} processes that it has left behind are", processes);
}

// A relative path is meant as of now.
std::shared_ptr<const std::string> minidump_directory(const Options& options) {
  if (options.minidumps.empty()) return nullptr;
  return std::make_shared<const std::string>(std::filesystem::absolute(options.minidumps));
}

std::shared_ptr<DebugDownloads> downloads_from(const std::vector<std::string>& servers) {
  if (servers.empty()) return nullptr;
  auto downloads = std::make_shared<DebugDownloads>(debug_download_directory());
  downloads->use(servers);
  return downloads;
}

// ReadableFd owns its descriptor, so it gets a duplicate.
UniqueFd duplicate(int fd) {
  return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

// Runs a step that must not throw once the program runs: the watchdog continues with the program.
template <typename Step>
void guarded(Step step) {
  try {
    step();
  } catch (const std::exception& error) {
    log_error(std::string("internal error, the program continues: ") + error.what());
  }
}

class Watch final : private EventSink {
 public:
  explicit Watch(const Options& options)
      : log_(log_by_option(options.log, options.log_format)),
        redaction_(options.redaction),
        reporter_(std::make_unique<Reporter>(std::vector{log_}, LogStart::kLater)),
        server_(
            io_, *this,
            AttachLimits{.all_exits = options.all_exits,
                         .dump_before = options.dump_before,
                         .native = {options.native, symbolizer_path(), minidump_directory(options),
                                    downloads_from(options.debuginfod)},
                         .crashes = crashes_,
                         .search = search_},
            [this](const Process& process) { program_.on_attach(process); }) {
    crashes_->set_redaction(redaction_);
    server_.on_last_context(
        [this](int pid, const Context& context) { program_.on_last_context(pid, context); });
  }

  ChildProcess start(const Options& options);
  void run(const ChildProcess& child);
  // Watches a process that is not a child of this one, and its descendants, until they have ended.
  // `pidfd`: of the process; empty if it has ended already.
  void run_beside(const UniqueFd& pidfd);
  const std::string& address() const { return server_.address(); }
  void forward_until_end(const ChildProcess& child);
  void drain() { server_.drain(); }
  bool oom_kills_rose(const ChildProcess& child) const { return oom_kills_->rose(child.pid()); }
  void report_end(const ChildEnd& end);
  void finish();

  // Forks if the program has left watched processes behind. Returns true in the copy, which stays
  // with them, and false in this process, which ends as its caller expects.
  bool stay_behind();
  void look_after_the_rest();

 private:
  std::unique_ptr<EventStage> new_stage();
  void on_event(Event event) override;
  void report(Event event);
  void tell_that_nobody_stays();
  void tell_of_the_rest();
  void say(std::string message);

  SignalForwarding signals_;  // first: the log's thread inherits the mask
  boost::asio::io_context io_{1};
  const LogSettings log_;
  const RedactionSettings redaction_;
  std::unique_ptr<Reporter> reporter_;
  const std::shared_ptr<RecentCrashes> crashes_ =
      std::make_shared<RecentCrashes>(&format_json, &format_text, CrashOrigin{reporter_->host()});
  std::unique_ptr<EventStage> stage_ = new_stage();
  const std::shared_ptr<UnwatchedSearch> search_ = std::make_shared<UnwatchedSearch>(io_);
  AttachServer server_;
  std::vector<std::string> argv_;
  Clock::time_point started_;
  ProcessHistory program_;
  std::optional<OomKills> oom_kills_;
  bool finished_ = false;
};

void Watch::on_event(Event event) {
  if (auto* exit = std::get_if<ExitEvent>(&event.body)) {
    if (event.process.pid == program_.pid()) return;  // reported when it has been reaped
    exit->parents = parents_from(event.process.ppid, program_.pid());
  }
  if (auto* unwatched = std::get_if<UnwatchedEvent>(&event.body)) {
    unwatched->parents = parents_of(event.process.pid, program_.pid());
  }
  if (event.process.pid == program_.pid() && event.process.command.empty())
    event.process.command = argv_;
  program_.on_event(event);
  report(std::move(event));
}

std::unique_ptr<EventStage> Watch::new_stage() {
  auto stage = std::make_unique<EventStage>(io_);
  stage->set_redaction(redaction_);
  stage->add(*crashes_);
  stage->add(*reporter_);
  return stage;
}

void Watch::report(Event event) {
  if (event.realtime_ns == 0) event.realtime_ns = realtime_now_ns();
  stage_->on_event(std::move(event));
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
  oom_kills_.emplace(::getpid());  // before there is a process that could be killed
  return ChildProcess::spawn(plan);
}

void Watch::run(const ChildProcess& child) {
  Timer log_start(io_);
  log_start.start(kLogStart, [this] { reporter_->start_if_possible(); });
  Process process =
      read_process(child.pid()).value_or(Process{child.pid(), ::getpid(), "", "", {}});
  process.command = argv_;
  // The process may have ended already.
  if (process.executable.empty()) process.executable = child.program().path;
  program_ = ProcessHistory(std::move(process));
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

// A process that calls exec is not watched for a moment, nor is one that has yet to attach: its end
// is what counts.
void Watch::run_beside(const UniqueFd& pidfd) {
  server_.allow_known_users();
  bool has_ended = !pidfd;
  const auto end_if_over = [&] {
    if (has_ended && server_.watched() == 0) io_.stop();
  };
  server_.on_last_session_end(end_if_over);
  std::optional<ReadableFd> end;
  if (pidfd) {
    end.emplace(io_, duplicate(pidfd.get()), [&] {
      has_ended = true;
      server_.drain();
      end_if_over();
    });
    end->start();
  }
  ReadableFd signal(io_, duplicate(signals_.fd()), [this] {
    if (signals_.take_request_to_end()) io_.stop();
  });
  signal.start();
  end_if_over();
  while (!io_.stopped()) guarded([this] { io_.run(); });
  server_.on_last_session_end({});
}

// Returns at once after run(), unless an exception ended that early: signals are then still
// forwarded until the program ends.
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
  AgentListener::remove_abandoned();  // at the end, for the program's start shall not wait for it
}

// Helpers of the program that end soon after it are not reported.
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

// As PID 1 of a container the watchdog does not stay: all other processes end with it.
bool Watch::stay_behind() {
  if (server_.watched() == 0 || ::getpid() == 1) return false;
  if (!outlives_caller(log_)) {
    tell_that_nobody_stays();
    return false;
  }
  finish();  // also ends the log's thread, which would not exist in the copy
  search_->stop();
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
  // The caller may kill our process group once we have ended, so wait for the copy to leave it.
  pollfd has_left{ours.get(), POLLIN, 0};
  ::poll(&has_left, 1, kMaxForCopy);
  return false;
}

// Watches the processes that the program left behind, until the last one has ended. Helpers that
// end soon after the program are not reported. A process that calls exec is not watched for a
// moment, so the end is delayed.
void Watch::look_after_the_rest() {
  auto reporter = std::make_unique<Reporter>(std::vector{log_});
  if (!std::holds_alternative<StderrLog>(log_.target)) release_stderr();
  // Their threads do not exist in this process, so they cannot be destroyed properly.
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

constexpr std::size_t kMaxAnswer = 256;

// Forks twice, so that the process which goes on is no child of the caller's: a caller that waits
// for any child must not meet it. Returns true in that process, with the pipe to which it is to
// write what the caller shall get, and false, with what came, in this one.
struct Detached {
  bool is_here = false;
  UniqueFd pipe;
  std::string answer;
};
Detached go_into_background() {
  std::array<int, 2> ends{};
  require(::pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
  const UniqueFd ours(ends[0]);
  UniqueFd its(ends[1]);
  const pid_t child = ::fork();
  require(child >= 0, "fork");
  if (child == 0) {
    ::setsid();
    const pid_t grandchild = ::fork();
    if (grandchild != 0) ::_exit(grandchild > 0 ? 0 : kExitOwnError);
    return {true, std::move(its), {}};
  }
  its.reset();
  ::waitpid(child, nullptr, 0);
  return {false, {}, read_up_to(ours.get(), kMaxAnswer)};
}

}  // namespace

int watch_running_process(const Options& options) {
  const std::vector<int> inherited = inherited_descriptors();
  fill_closed_standard_streams();
  Detached background = go_into_background();
  if (!background.is_here) {
    // Why it has failed, it has written to stderr.
    if (background.answer.empty()) return W_EXITCODE(kExitOwnError, 0);
    std::fputs(background.answer.c_str(), stdout);
    return std::fflush(stdout) == 0 ? 0 : W_EXITCODE(kExitOwnError, 0);
  }
  release_program_descriptors(inherited);
  Watch watch(options);
  raise_descriptor_limit();
  use_batch_scheduling();
  const UniqueFd program = open_pidfd(options.running);  // while its starter waits for the answer
  const std::string answer = watch.address() + "\n";
  const bool told = ::write(background.pipe.get(), answer.data(), answer.size()) > 0;
  background.pipe.reset();
  if (!told) return 0;
  // Who reads from the caller's stderr shall not have to wait for this process.
  if (options.log) release_stderr();
  watch.run_beside(program);
  guarded([&] { watch.drain(); });
  guarded([&] { watch.finish(); });
  return 0;
}

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
  // To be done before the process is reaped and leaves /proc.
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

#include "watchdog/doctor/trial.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <utility>

#include "watchdog/ingest/attach_server.h"
#include "watchdog/loop/readable_fd.h"
#include "watchdog/os/pidfd.h"
#include "watchdog/os/read_file.h"
#include "watchdog/os/require.h"
#include "watchdog/supervise/agent_environment.h"
#include "watchdog/supervise/child_process.h"

namespace pyfault {
namespace {

constexpr std::size_t kOutputLimit = std::size_t{64} << 10;

constexpr std::array kStreams = {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};

// While it lives, the standard streams of this process and its children are /dev/null and a pipe.
class CapturedStreams {
 public:
  CapturedStreams() {
    std::array<int, 2> ends{};
    // Non-blocking on the child's side too: output that does not fit is lost instead of blocking
    // it.
    require(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0, "pipe2");
    reader_.reset(ends[0]);
    const UniqueFd writer(ends[1]);
    const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    require(bool{null}, "/dev/null");
    for (const int stream : kStreams) {
      saved_.emplace_back(::fcntl(stream, F_DUPFD_CLOEXEC, 3));
      require(bool{saved_.back()}, "dup");
    }
    for (const int stream : kStreams) {
      ::dup2(stream == STDIN_FILENO ? null.get() : writer.get(), stream);
    }
  }
  ~CapturedStreams() { restore(); }
  CapturedStreams(const CapturedStreams&) = delete;
  CapturedStreams& operator=(const CapturedStreams&) = delete;

  void restore() {
    for (const int stream : kStreams) {
      if (!saved_.empty()) ::dup2(saved_[static_cast<std::size_t>(stream)].get(), stream);
    }
    saved_.clear();
  }
  std::string output() const { return read_up_to(reader_.get(), kOutputLimit); }

 private:
  UniqueFd reader_;
  std::vector<UniqueFd> saved_;
};

// With a limit of 1 byte the kernel neither writes a core file nor starts the helper in
// core_pattern. (With 0 it would still start the helper.)
void forbid_core_dumps() {
  rlimit limit{};
  ::getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = std::min<rlim_t>(1, limit.rlim_max);
  ::setrlimit(RLIMIT_CORE, &limit);
}

std::vector<std::string> own_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);
  return environment;
}

sigset_t own_signal_mask() {
  sigset_t mask{};
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return mask;
}

ChildProcess spawn(const TrialPlan& plan, const std::string& socket) {
  forbid_core_dumps();
  return ChildProcess::spawn(
      {{plan.argv, "", false},
       {{plan.path}, ""},
       plan.agent.empty() ? own_environment() : watched_environment(environ, plan.agent, socket),
       own_signal_mask()});
}

class EventList final : public EventSink {
 public:
  explicit EventList(std::vector<Event>& events) : events_(events) {}
  void on_event(Event event) override { events_.push_back(std::move(event)); }

 private:
  std::vector<Event>& events_;
};

}  // namespace

Trial run_trial(const TrialPlan& plan) {
  Trial trial;
  boost::asio::io_context io{1};
  EventList events(trial.events);
  AttachServer server(io, events);
  CapturedStreams streams;
  ChildProcess child = spawn(plan, server.address());
  streams.restore();
  trial.pid = child.pid();
  ReadableFd end(io, UniqueFd(::fcntl(child.pidfd(), F_DUPFD_CLOEXEC, 0)), [&] { io.stop(); });
  end.start();
  io.run_for(std::chrono::seconds(kTrialSeconds));
  const bool ended = has_exited(child.pidfd());
  if (!ended) ::syscall(SYS_pidfd_send_signal, child.pidfd(), SIGKILL, nullptr, 0);
  server.drain();
  const ChildEnd reaped = child.reap();
  if (ended) trial.wait_status = reaped.wait_status;
  trial.output = streams.output();
  return trial;
}

}  // namespace pyfault

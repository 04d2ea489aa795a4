#include "tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ostream>
#include <stdexcept>
#include <system_error>

namespace pyfault::test {
namespace {

constexpr std::size_t kPipeCapacity = 65536;

int checked(int result, const char* call) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), call);
  return result;
}

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;

  Pipe() {
    std::array<int, 2> fds{};
    checked(::pipe2(fds.data(), O_CLOEXEC), "pipe2");
    read_end.reset(fds[0]);
    write_end.reset(fds[1]);
  }
};

void do_not_block(const UniqueFd& fd) {
  checked(::fcntl(fd.get(), F_SETFL, O_NONBLOCK), "fcntl");
}

// Reads what is available without blocking, and closes `fd` at the end of the stream.
void take(UniqueFd& fd, std::string& text) {
  std::array<char, 4096> buffer{};
  while (fd) {
    const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
    if (size > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(size));
    } else if (size < 0 && errno == EAGAIN) {
      return;
    } else if (size == 0 || errno != EINTR) {  // a pty without another end reports EIO
      fd.reset();
    }
  }
}

int milliseconds_until(std::chrono::steady_clock::time_point deadline) {
  const auto left = deadline - std::chrono::steady_clock::now();
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return count > 0 ? static_cast<int>(count) : 0;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

std::ostream& operator<<(std::ostream& stream, const Ending& ending) {
  if (ending.signal == 0) return stream << "exited(" << ending.code << ")";
  return stream << "killed_by(SIG" << ::sigabbrev_np(ending.signal) << ")";
}

ChildProcess::ChildProcess(Launch launch) : launch_(std::move(launch)) {
  if (launch_.input.size() > kPipeCapacity) throw std::runtime_error("too much input for a pipe");
  launch_.own_terminal ? start_with_terminal() : start_with_pipes();
  pidfd_.reset(checked(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)), "pidfd_open"));
  do_not_block(out_);
}

ChildProcess::~ChildProcess() {
  if (!reaped_) {
    ::kill(-pid_, SIGKILL);
    reap();
  }
}

void ChildProcess::start_with_pipes() {
  Pipe in, out, err;
  checked(static_cast<int>(::write(in.write_end.get(), launch_.input.data(), launch_.input.size())),
          "write");
  pid_ = checked(::fork(), "fork");
  if (pid_ == 0) {
    ::setpgid(0, 0);
    ::dup2(in.read_end.get(), STDIN_FILENO);
    ::dup2(out.write_end.get(), STDOUT_FILENO);
    ::dup2(err.write_end.get(), STDERR_FILENO);
    exec();
  }
  ::setpgid(pid_, pid_);  // in both processes, because either may run first
  out_ = std::move(out.read_end);
  err_ = std::move(err.read_end);
  do_not_block(err_);
}

void ChildProcess::start_with_terminal() {
  int master = -1;
  const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  pid_ = checked(::forkpty(&master, nullptr, nullptr, &size), "forkpty");
  if (pid_ == 0) exec();
  out_.reset(master);
}

void ChildProcess::exec() {
  const rlimit no_core{0, 0};
  rlimit limit{};
  ::getrlimit(RLIMIT_CORE, &limit);
  limit.rlim_cur = no_core.rlim_cur;
  ::setrlimit(RLIMIT_CORE, &limit);
  for (const auto& [name, value] : launch_.environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (!launch_.directory.empty() && ::chdir(launch_.directory.c_str()) != 0) ::_exit(120);
  if (launch_.before_exec) launch_.before_exec();
  const auto arguments = pointers(launch_.command);
  ::execvp(arguments[0], arguments.data());
  ::_exit(121);
}

void ChildProcess::send(int signal) const {
  checked(::kill(pid_, signal), "kill");
}

void ChildProcess::suspend() const {
  send(SIGSTOP);
  checked(::waitid(P_PID, static_cast<id_t>(pid_), nullptr, WSTOPPED), "waitid");
}

void ChildProcess::type(std::string_view keys) const {
  checked(static_cast<int>(::write(out_.get(), keys.data(), keys.size())), "write");
}

void ChildProcess::await(std::string_view text) {
  const auto deadline = Clock::now() + launch_.limit;
  for (;;) {
    const std::size_t found = outcome_.out.find(text, awaited_);
    if (found != std::string::npos) {
      awaited_ = found + text.size();
      return;
    }
    if (ended_within(deadline) && outcome_.out.find(text, awaited_) == std::string::npos) {
      throw std::runtime_error("ended without '" + std::string(text) + "': " + outcome_.out +
                               outcome_.err);
    }
    check(deadline, text);
  }
}

Outcome ChildProcess::wait() {
  const auto deadline = Clock::now() + launch_.limit;
  while (!ended_within(deadline)) check(deadline, "its end");
  // Kills what the program has left behind. Until we reap it nobody else can have its process group
  // id.
  ::kill(-pid_, SIGKILL);
  reap();
  return outcome_;
}

// Reads the program's output until something happens. Returns whether the program has ended.
bool ChildProcess::ended_within(Clock::time_point deadline) {
  std::array<pollfd, 3> events{{{pidfd_.get(), POLLIN, 0},
                                {out_ ? out_.get() : -1, POLLIN, 0},
                                {err_ ? err_.get() : -1, POLLIN, 0}}};
  ::poll(events.data(), events.size(), milliseconds_until(deadline));
  take(out_, outcome_.out);
  take(err_, outcome_.err);
  return (events[0].revents & POLLIN) != 0;
}

void ChildProcess::reap() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  reaped_ = true;
  take(out_, outcome_.out);
  take(err_, outcome_.err);
  outcome_.ending = WIFSIGNALED(status) ? killed_by(WTERMSIG(status)) : exited(WEXITSTATUS(status));
}

void ChildProcess::check(Clock::time_point deadline, std::string_view what) const {
  if (Clock::now() < deadline) return;
  throw std::runtime_error("waited too long for " + std::string(what) + " of " +
                           launch_.command.front() + "; it wrote: " + outcome_.out + outcome_.err);
}

}  // namespace pyfault::test

#include "watchdog/service/dying_processes.h"

#include <utility>

#include "watchdog/os/pidfd.h"

namespace pyfault {

DyingProcesses::DyingProcesses(boost::asio::io_context& io, std::vector<UniqueFd> pidfds,
                               std::chrono::milliseconds patience, Done done)
    : patience_(io), done_(std::move(done)) {
  for (UniqueFd& pidfd : pidfds) {
    waiting_.emplace_back(io, std::move(pidfd), [this] { await_next(); });
  }
  waiting_.back().start();
  patience_.start(patience, [this] { finish(); });
}

void DyingProcesses::await_next() {
  waiting_.pop_back();
  waiting_.empty() ? finish() : waiting_.back().start();
}

void DyingProcesses::finish() {
  std::vector<int> living;
  for (const auto& each : waiting_) {
    if (!has_exited(each.get())) living.push_back(pid_of(each.get()));
  }
  patience_.cancel();
  waiting_.clear();
  const Done done = std::move(done_);
  done(living);
}

}  // namespace pyfault

#include "watchdog/service/pending_dump.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "watchdog/control/event_follower.h"

namespace pyfault {
namespace {

// A running process answers within milliseconds; one that is stopped or stuck in the kernel never
// does.
constexpr std::chrono::seconds kTimeLimit{10};

}  // namespace

PendingDump::PendingDump(boost::asio::io_context& io, std::weak_ptr<ControlSession> session,
                         ReportFormat format, Asked asked)
    : session_(std::move(session)), format_(format), asked_(std::move(asked)), time_limit_(io) {
  time_limit_.start(kTimeLimit, [this] { give_up(); });
}

void PendingDump::on_event(const Event& event) {
  const int pid = event.process.pid;
  const auto asked = asked_.find(pid);
  if (asked == asked_.end() || event.process.claimed_pid) return;
  if (event.worker.value_or(kNoWorker) != asked->second) return;
  const auto* crash = std::get_if<Crash>(&event.body);
  if (crash && crash->kind == CrashKind::kDump) return on_stacks(event);
  if (std::holds_alternative<ExitEvent>(event.body)) miss(pid, " has ended before it answered");
}

void PendingDump::on_stacks(const Event& event) {
  const auto session = session_.lock();
  if (!session) return;
  if (!session->has_room())
    return miss(event.process.pid, "'s stacks come faster than they are read");
  session->send(ReportText{render(event, format_)});
  settle(event.process.pid);
}

void PendingDump::miss(int pid, const std::string& why) {
  ok_ = false;
  if (const auto session = session_.lock()) {
    session->send(CommandResult{asked_.at(pid), false, fmt::format("process {}{}", pid, why)});
  }
  settle(pid);
}

void PendingDump::settle(int pid) {
  asked_.erase(pid);
  const auto session = session_.lock();
  if (asked_.empty() && session) session->send(Done{ok_});
}

void PendingDump::give_up() {
  while (!asked_.empty()) {
    miss(asked_.begin()->first,
         fmt::format(" has not answered within {} s; is it stopped, or stuck in the kernel?",
                     kTimeLimit.count()));
  }
}

}  // namespace pyfault

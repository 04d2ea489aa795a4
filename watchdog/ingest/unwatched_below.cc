#include "watchdog/ingest/unwatched_below.h"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "watchdog/enrich/process_info.h"
#include "watchdog/event/wait_status.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/ingest/process_end.h"
#include "watchdog/os/clock.h"
#include "watchdog/os/descriptor_limit.h"
#include "watchdog/os/pidfd.h"

namespace pyfault {

UnwatchedBelow::UnwatchedBelow(boost::asio::io_context& io, EventSink& events,
                               std::shared_ptr<UnwatchedSearch> search, bool all_exits)
    : io_(io), events_(events), search_(std::move(search)), all_exits_(all_exits) {}

void UnwatchedBelow::search_below(int root, std::function<std::set<int>()> watched,
                                  std::function<void(const UnwatchedProcess&)> on_found) {
  if (!search_) return;
  leave_search();
  const auto on_unwatched = [this, on_found = std::move(on_found)](const UnwatchedProcess& found) {
    add(found);
    if (is_searching()) on_found(found);  // unless the server was closed for what add() reported
  };
  search_id_ =
      search_->follow(root, {std::move(watched), [this](int pid) { return held_.contains(pid); },
                             on_unwatched, [this](int pid) { forget(pid); }});
}

void UnwatchedBelow::leave_search() {
  if (search_id_) search_->leave(*std::exchange(search_id_, std::nullopt));
}

void UnwatchedBelow::add(UnwatchedProcess unwatched) {
  if (hold(unwatched) != Hold::kNoRoom || std::exchange(is_full_told_, true)) return;
  std::string message =
      name_and_pid(unwatched.process) +
      " is not watched, and there is no room to await its end, nor the ends of others like it";
  events_.on_event(notice(std::move(unwatched.process), std::move(message)));
}

void UnwatchedBelow::adopt(std::vector<UnwatchedProcess> saved) {
  for (UnwatchedProcess& each : saved) {
    if (hold(each) == Hold::kGone) gone_.push_back(std::move(each));
  }
  if (!gone_.empty()) reporting_gone_.request();
}

void UnwatchedBelow::report_gone() {
  for (UnwatchedProcess& each : std::exchange(gone_, {})) report_end(std::move(each), std::nullopt);
}

UnwatchedBelow::Hold UnwatchedBelow::hold(const UnwatchedProcess& unwatched) {
  const int pid = unwatched.process.pid;
  if (held_.contains(pid)) return Hold::kHeld;
  if (held_.size() >= kMax || descriptors_are_short()) return Hold::kNoRoom;
  UniqueFd pidfd = open_pidfd(pid);
  if (!pidfd) return errno == ESRCH ? Hold::kGone : Hold::kNoRoom;
  if (!is_still(pid, unwatched.start_ticks)) return Hold::kGone;
  auto& held =
      held_
          .try_emplace(
              pid, Held{unwatched, ReadableFd(io_, std::move(pidfd), [this, pid] { on_end(pid); })})
          .first->second;
  held.pidfd.start();
  return Hold::kHeld;
}

std::vector<UnwatchedProcess> UnwatchedBelow::saved() const {
  std::vector<UnwatchedProcess> saved;
  for (const auto& [pid, held] : held_) saved.push_back(held.unwatched);
  return saved;
}

void UnwatchedBelow::drain() {
  std::vector<int> ended;
  for (const auto& [pid, held] : held_) {
    if (has_exited(held.pidfd.get())) ended.push_back(pid);
  }
  for (const int pid : ended) on_end(pid);
  report_gone();
  report_left_out();
}

void UnwatchedBelow::close() {
  leave_search();
  held_.clear();
  gone_.clear();
}

void UnwatchedBelow::on_end(int pid) {
  auto node = held_.extract(pid);
  if (!node) return;
  UnwatchedProcess& unwatched = node.mapped().unwatched;
  const auto status = wait_status_of_dead(pid, node.mapped().pidfd.get(), unwatched.start_ticks);
  refresh(unwatched.process, unwatched.start_ticks);
  report_end(std::move(unwatched), status);
}

// An end of which nothing is known is always reported: it may have been a crash, and nothing else
// would tell of it. Of a process that has exited by itself, no record was to be expected. Whether
// somebody had replaced its handlers is not known.
void UnwatchedBelow::report_end(UnwatchedProcess unwatched, std::optional<int> wait_status) {
  if (wait_status && is_clean(*wait_status) && !all_exits_) return;
  const bool was_limiting = ends_.is_limiting();
  if (!ends_.admit(std::chrono::steady_clock::now())) return;
  if (was_limiting) report_left_out();
  ExitEvent exit = exit_of_one_below(wait_status, seconds_since(unwatched.start_ticks));
  if (!exit.code) {
    exit.unwatched = std::move(unwatched.why);
    exit.handler_replaced.reset();
  }
  events_.on_event(
      {realtime_now_ns(), "", std::nullopt, std::move(unwatched.process), std::move(exit)});
}

void UnwatchedBelow::report_left_out() {
  const std::uint64_t count = ends_.take_suppressed();
  if (count == 0) return;
  events_.on_event(notice(
      ourselves(),
      fmt::format("the ends of {} processes that are not watched were not reported, because there "
                  "were too many",
                  count)));
}

}  // namespace pyfault

#include "watchdog/ingest/unwatched_below.h"

#include <fmt/format.h>

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
  const auto known = [this, watched = std::move(watched)] {
    std::set<int> pids = watched();
    for (const auto& [pid, held] : held_) pids.insert(pid);
    return pids;
  };
  const auto on_unwatched = [this, on_found = std::move(on_found)](const UnwatchedProcess& found) {
    add(found);
    on_found(found);
  };
  search_id_ = search_->follow(root, {known, on_unwatched});
}

void UnwatchedBelow::leave_search() {
  if (search_id_) search_->leave(*std::exchange(search_id_, std::nullopt));
}

void UnwatchedBelow::add(UnwatchedProcess unwatched) {
  Process process = unwatched.process;
  if (hold(std::move(unwatched)) || std::exchange(is_full_told_, true)) return;
  std::string message =
      name_and_pid(process) +
      " is not watched, and there is no room to await its end, nor the ends of others like it";
  events_.on_event(notice(std::move(process), std::move(message)));
}

void UnwatchedBelow::adopt(std::vector<UnwatchedProcess> saved) {
  for (UnwatchedProcess& each : saved) hold(std::move(each));
}

// Returns false if there is no room.
bool UnwatchedBelow::hold(UnwatchedProcess unwatched) {
  const int pid = unwatched.process.pid;
  if (held_.contains(pid)) return true;
  if (held_.size() >= kMax || descriptors_are_short()) return false;
  UniqueFd pidfd = open_pidfd(pid);
  if (!pidfd || !is_still(pid, unwatched.start_ticks)) return true;
  const auto [held, added] = held_.try_emplace(
      pid,
      Held{std::move(unwatched), ReadableFd(io_, std::move(pidfd), [this, pid] { on_end(pid); })});
  held->second.pidfd.start();
  return true;
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
  report_left_out();
}

void UnwatchedBelow::close() {
  leave_search();
  held_.clear();
}

// An end of which nothing is known is always reported: it may have been a crash, and nothing else
// would tell of it. Of a process that has exited by itself, no record was to be expected. Whether
// somebody had replaced its handlers is not known.
void UnwatchedBelow::on_end(int pid) {
  auto node = held_.extract(pid);
  if (!node) return;
  auto& [process, start_ticks, why] = node.mapped().unwatched;
  const auto status = wait_status_of_dead(pid, node.mapped().pidfd.get(), start_ticks);
  if (status && is_clean(*status) && !all_exits_) return;
  const bool was_limiting = ends_.is_limiting();
  if (!ends_.admit(std::chrono::steady_clock::now())) return;
  ExitEvent exit = exit_of_one_below(status, seconds_since(start_ticks));
  if (!exit.code) {
    exit.unwatched = std::move(why);
    exit.handler_replaced.reset();
  }
  events_.on_event({realtime_now_ns(), "", std::nullopt, std::move(process), std::move(exit)});
  if (was_limiting) report_left_out();
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

#include "watchdog/ingest/recent_crashes.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "watchdog/event/event_size.h"

namespace pyfault {
namespace {

// Null unless the event is a crash; a dump is none.
const Crash* crash_in(const Event& event) {
  const auto* crash = std::get_if<Crash>(&event.body);
  return crash != nullptr && crash->kind == CrashKind::kCrash ? crash : nullptr;
}

// What the logs still need is theirs: a receipt would count as a report that was not written.
void drop_what_is_not_told(Event& event) {
  event.receipt = nullptr;
  event.read_sources = nullptr;
  event.read_stacks = nullptr;
  event.write_minidump = nullptr;
}

}  // namespace

void RecentCrashes::announce(const Event& event) {
  if (crash_in(event) != nullptr) add(event, true);
}

void RecentCrashes::on_event(Event event) {
  const Crash* crash = crash_in(event);
  if (crash == nullptr) return;
  const auto known = std::ranges::find(kept_, crash->id, &Kept::id);
  known == kept_.end() ? add(std::move(event), false) : complete(*known, std::move(event));
  if (const auto on_news = on_news_.lock()) (*on_news)();
}

void RecentCrashes::add(Event event, bool is_awaited) {
  const Process& process = event.process;
  kept_.push_back(
      {next_++, crash_in(event)->id, process.pid, process.uid, !process.claimed_pid, is_awaited});
  keep(kept_.back(), std::move(event));
  forget_what_is_too_much();
}

void RecentCrashes::complete(Kept& kept, Event event) {
  kept.is_awaited = false;
  const bool is_abridged = event.worker_crash && event.worker_crash->abridged;
  if (!is_abridged) {
    keep(kept, std::move(event));
  } else if (auto* announced = std::get_if<Event>(&kept.crash)) {
    announced->worker_crash = std::move(event.worker_crash);
    announced->worker_crash->abridged = false;
    announced->last_output = std::move(event.last_output);
  }
  forget_what_is_too_much();
}

void RecentCrashes::keep(Kept& kept, Event event) {
  drop_what_is_not_told(event);
  if (event.host.empty()) event.host = origin_.host;
  if (!event.worker) event.worker = origin_.worker;
  weigh(kept, approximate_size(event));
  kept.crash = std::move(event);
}

void RecentCrashes::weigh(Kept& kept, std::size_t bytes) {
  bytes_ += bytes - kept.bytes;
  kept.bytes = bytes;
}

void RecentCrashes::forget_what_is_too_much() {
  while (kept_.size() > 1 &&
         (kept_.size() > limits_.crashes || bytes_ - kept_.back().bytes > limits_.bytes)) {
    const auto forgotten = oldest_of_the_largest_share();
    bytes_ -= forgotten->bytes;
    kept_.erase(forgotten);
  }
}

std::deque<RecentCrashes::Kept>::iterator RecentCrashes::oldest_of_the_largest_share() {
  const bool are_too_many = kept_.size() > limits_.crashes;
  std::map<std::optional<uid_t>, std::size_t> shares;
  for (const Kept& each : kept_) shares[each.uid] += are_too_many ? 1 : each.bytes;
  return std::ranges::max_element(kept_.begin(), std::prev(kept_.end()), {},
                                  [&](const Kept& each) { return shares[each.uid]; });
}

std::deque<RecentCrashes::Kept>::iterator RecentCrashes::find(Number number) {
  return std::ranges::find(kept_, number, &Kept::number);
}

bool RecentCrashes::awaits(int pid) const {
  return std::ranges::any_of(
      kept_, [pid](const Kept& kept) { return kept.is_awaited && kept.pid == pid; });
}

bool RecentCrashes::awaits_any() const {
  return std::ranges::any_of(kept_, &Kept::is_awaited);
}

bool RecentCrashes::knows(int pid) const {
  return std::ranges::find(kept_, pid, &Kept::pid) != kept_.end();
}

// A process can forge a record of a number that is not its own. Its own user may be misled by that,
// and no other.
bool RecentCrashes::may_know(uid_t asker, const Kept& kept) {
  return kept.uid == asker || (asker == 0 && kept.is_confirmed);
}

std::optional<RecentCrashes::Number> RecentCrashes::last_that(
    const std::function<bool(const Kept&)>& fits) const {
  const auto found = std::find_if(kept_.rbegin(), kept_.rend(), fits);
  if (found == kept_.rend()) return std::nullopt;
  return found->number;
}

std::optional<RecentCrashes::Number> RecentCrashes::last_of(int pid, uid_t asker) const {
  return last_that([&](const Kept& kept) { return kept.pid == pid && may_know(asker, kept); });
}

std::optional<RecentCrashes::Number> RecentCrashes::last(uid_t asker) const {
  return last_that([&](const Kept& kept) { return may_know(asker, kept); });
}

// From then on the text takes the place of the event, so that no asker can have it rendered again
// and again.
std::shared_ptr<const CrashText> RecentCrashes::text(Number number) {
  const auto found = find(number);
  if (found == kept_.end()) return nullptr;
  Kept& kept = *found;
  if (auto* event = std::get_if<Event>(&kept.crash)) {
    redaction_.redact(*event);
    const auto text =
        std::make_shared<const CrashText>(CrashText{kept.pid, event_(*event), report_(*event)});
    weigh(kept, sizeof kept + text->event.size() + text->report.size());
    kept.crash = text;
  }
  Text text = std::get<Text>(kept.crash);
  forget_what_is_too_much();
  return text;
}

std::vector<SavedCrash> RecentCrashes::saved(const RecentLimits& limits) {
  std::vector<SavedCrash> saved;
  std::size_t bytes = 0;
  std::vector<Number> latest_first;
  for (const Kept& each : kept_) latest_first.insert(latest_first.begin(), each.number);
  for (const Number number : latest_first) {
    if (saved.size() == limits.crashes) break;
    const Text told = text(number);
    const auto kept = find(number);
    if (!told || kept == kept_.end()) continue;  // to render one may push out others
    bytes += told->event.size() + told->report.size();
    if (bytes > limits.bytes) break;
    saved.push_back(
        {kept->id, kept->pid, kept->uid, kept->is_confirmed, told->event, told->report});
  }
  std::ranges::reverse(saved);
  return saved;
}

void RecentCrashes::adopt(std::vector<SavedCrash> saved) {
  for (SavedCrash& each : saved) {
    Kept& kept = kept_.emplace_back();
    kept.number = next_++;
    kept.id = std::move(each.id);
    kept.pid = each.pid;
    kept.uid = each.uid;
    kept.is_confirmed = each.is_confirmed;
    weigh(kept, sizeof kept + each.event.size() + each.report.size());
    kept.crash = std::make_shared<const CrashText>(
        CrashText{each.pid, std::move(each.event), std::move(each.report)});
  }
  forget_what_is_too_much();
}

}  // namespace pyfault

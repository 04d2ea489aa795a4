#include "watchdog/ingest/unwatched_search.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "watchdog/enrich/process_info.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

// For one walk or look. Nothing else waits for it, so a slow machine gets enough time.
constexpr std::chrono::seconds kPatience{1};

// Of a command line, because many of them may be kept for long.
std::optional<std::string> read_beginning(const std::string& path, std::size_t /*limit*/) {
  constexpr std::size_t kBeginning = 4096;
  return read_file(path, kBeginning);
}

}  // namespace

UnwatchedSearch::UnwatchedSearch(boost::asio::io_context& io) : io_(io), timer_(io) {}

UnwatchedSearch::Id UnwatchedSearch::follow(int pid, Client client) {
  const Id id = next_id_++;
  roots_.emplace(id, Root{{pid, start_ticks(pid)}, std::move(client), SearchPace(Clock::now())});
  plan_round();
  return id;
}

void UnwatchedSearch::leave(Id id) {
  roots_.erase(id);
}

void UnwatchedSearch::stop() {
  roots_.clear();
  timer_.cancel();
  background_.reset();
  is_under_way_ = false;
  awaited_ = 0;
}

void UnwatchedSearch::plan_round() {
  if (is_under_way_ || roots_.empty()) return;
  Clock::time_point due = Clock::time_point::max();
  for (const auto& [id, root] : roots_) due = std::min(due, root.pace.due());
  timer_.start(std::max<Clock::duration>(due - Clock::now(), {}), [this] { begin_round(); });
}

// Those that have been due for the longest time come first: what one round has no room for is the
// first in the next one.
void UnwatchedSearch::begin_round() {
  const auto now = Clock::now();
  std::vector<std::pair<Clock::time_point, Id>> due;
  for (const auto& [id, root] : roots_) {
    if (root.pace.is_near(now)) due.emplace_back(root.pace.due(), id);
  }
  std::ranges::sort(due);
  round_.clear();
  std::vector<Subject> roots;
  for (const auto& [time, id] : due) {
    round_.push_back(id);
    roots.push_back({id, roots_.at(id).process});
  }
  is_under_way_ = true;
  if (!background_) background_ = std::make_unique<Background>(io_, kPatience);
  auto walks = std::make_shared<std::vector<Walk>>();
  const bool begun = background_->begin(
      [walks, roots = std::move(roots)] { *walks = walk(roots); },
      [this, walks](bool done) { done ? on_walked(*walks) : end_round_if_done(); });
  if (!begun) end_round_if_done();
}

// Runs on the helper thread. At least one root is walked.
std::vector<UnwatchedSearch::Walk> UnwatchedSearch::walk(const std::vector<Subject>& roots) {
  std::vector<Walk> walks;
  std::size_t reads = kReadsPerRound;
  for (const auto& [id, root] : roots) {
    if (reads == 0) break;
    --reads;
    Walk& next = walks.emplace_back(Walk{id, std::nullopt});
    if (is_still(root.pid, root.start_ticks)) next.found = descendants_of(root.pid, reads);
  }
  return walks;
}

// Runs on the helper thread.
void UnwatchedSearch::look_at(const Descendant& subject, Look& look) {
  look.has_begun = true;
  look.signs = look_for_agent(subject.pid, &read_file);
  look.process = read_process(subject.pid).value_or(Process{});
  look.process.pid = subject.pid;
  if (look.signs && judge_one_below(*look.signs)) {
    look.process.command = shown_command(subject.pid, &read_beginning);
  }
  if (!is_still(subject.pid, subject.start_ticks)) look.signs.reset();
}

// Roots that were not walked stay due.
void UnwatchedSearch::on_walked(const std::vector<Walk>& walks) {
  round_.clear();
  for (const auto& [id, found] : walks) {
    const auto root = roots_.find(id);
    if (root == roots_.end()) continue;
    if (!found) {
      roots_.erase(root);
      continue;
    }
    update(root->second, *found);
    round_.push_back(id);
  }
  begin_looks();
  end_round_if_done();
}

// Forgets who has died.
void UnwatchedSearch::update(Root& root, const std::vector<Descendant>& found) {
  std::map<int, Known> below;
  for (const auto& [pid, start_ticks] : found) {
    const auto known = root.below.find(pid);
    const bool is_same = known != root.below.end() && known->second.start_ticks == start_ticks;
    below.emplace(pid, is_same ? known->second : Known{start_ticks});
  }
  root.below = std::move(below);
}

// Who is suspected comes first, then who has not been looked at for the longest time.
void UnwatchedSearch::begin_looks() {
  std::vector<std::tuple<bool, std::uint64_t, Id, int>> wanted;
  for (const Id id : round_) {
    Root& root = roots_.at(id);
    root.has_more = false;
    const std::set<int> watched = root.client.known();
    for (auto& [pid, known] : root.below) {
      if (watched.contains(pid)) known.suspected.reset();
      if (known.is_settled || watched.contains(pid)) continue;
      wanted.emplace_back(!known.suspected, known.looked, id, pid);
    }
  }
  std::ranges::sort(wanted);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& [is_trusted, looked, id, pid] = wanted[i];
    Root& root = roots_.at(id);
    if (i < kLooksPerRound) {
      begin_look({id, {pid, root.below.at(pid).start_ticks}});
    } else if (looked == 0) {
      root.has_more = true;
    }
  }
}

void UnwatchedSearch::begin_look(const Subject& subject) {
  auto look = std::make_shared<Look>();
  const bool begun =
      background_->begin([look, process = subject.process] { look_at(process, *look); },
                         [this, look, subject](bool done) {
                           --awaited_;
                           on_look(subject, *look, done);
                           end_round_if_done();
                         });
  if (!begun) return;
  find(subject)->looked = ++looks_;
  ++awaited_;
}

// The rest of a look that was begun and is not done still belongs to the thread.
void UnwatchedSearch::on_look(const Subject& subject, const Look& look, bool done) {
  Known* const known = find(subject);
  if (known == nullptr) return;
  known->is_settled = !done && look.has_begun;
  const auto verdict = done && look.signs ? judge_one_below(*look.signs) : std::nullopt;
  const auto reason = verdict ? std::optional(verdict->why.reason) : std::nullopt;
  const bool is_confirmed = reason && reason == known->suspected;
  known->suspected = reason;
  if (!is_confirmed) return;
  const Client client = roots_.at(subject.root).client;  // which may leave
  if (client.known().contains(subject.process.pid)) return;
  known->is_settled = true;
  known->suspected.reset();
  client.on_found({look.process, subject.process.start_ticks, verdict->why});
}

void UnwatchedSearch::end_round_if_done() {
  if (awaited_ > 0) return;
  const auto now = Clock::now();
  for (const Id id : round_) {
    const auto root = roots_.find(id);
    if (root == roots_.end()) continue;
    auto& [process, client, pace, below, has_more] = root->second;
    const bool has_suspects = std::ranges::any_of(
        below, [](const auto& each) { return each.second.suspected.has_value(); });
    pace.on_looked(now, has_suspects || has_more);
  }
  is_under_way_ = false;
  plan_round();
}

UnwatchedSearch::Known* UnwatchedSearch::find(const Subject& subject) {
  const auto root = roots_.find(subject.root);
  if (root == roots_.end()) return nullptr;
  const auto known = root->second.below.find(subject.process.pid);
  const bool is_it =
      known != root->second.below.end() && known->second.start_ticks == subject.process.start_ticks;
  return is_it ? &known->second : nullptr;
}

}  // namespace pyfault

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
constexpr std::size_t kCommandSize = 4096;

// The list of children in /proc may lack one while others exit.
constexpr int kAbsencesOfTheDead = 2;

}  // namespace

UnwatchedSearch::UnwatchedSearch(boost::asio::io_context& io, const SearchBounds& bounds)
    : io_(io), bounds_(bounds), timer_(io) {}

UnwatchedSearch::Id UnwatchedSearch::follow(int pid, Client client) {
  const Id id = next_id_++;
  roots_.emplace(id, Root{{pid, start_ticks(pid)},
                          std::move(client),
                          SearchPace(Clock::now(), bounds_.first_wait)});
  plan_round();
  return id;
}

void UnwatchedSearch::leave(Id id) {
  roots_.erase(id);
  if (roots_.empty()) timer_.cancel();
}

void UnwatchedSearch::stop() {
  roots_.clear();
  timer_.cancel();
  background_.reset();
  is_under_way_ = false;
  awaited_ = 0;
  news_.clear();
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
  if (!background_) background_ = std::make_unique<Background>(io_, kPatience);
  auto walks = std::make_shared<std::vector<Walk>>();
  is_under_way_ = background_->begin(
      [walks, roots = std::move(roots), reads = bounds_.reads] { *walks = walk(roots, reads); },
      [this, walks](bool done) { done ? on_walked(*walks) : end_round_if_done(); });
  is_refused_ = !is_under_way_;
  if (is_refused_) end_round_if_done();
}

// Runs on the helper thread. At least one root is walked. One for which there were not reads enough
// is left to the next round, unless it has had all of them.
std::vector<UnwatchedSearch::Walk> UnwatchedSearch::walk(const std::vector<Subject>& roots,
                                                         std::size_t reads) {
  std::vector<Walk> walks;
  for (const auto& [id, root] : roots) {
    if (reads == 0) break;
    --reads;
    Walk next{id};
    if (is_still(root.pid, root.start_ticks)) next.found = descendants_of(root.pid, reads);
    if (reads > 0 || walks.empty()) walks.push_back(std::move(next));
  }
  return walks;
}

// Runs on the helper thread.
void UnwatchedSearch::look_at(const Descendant& subject, Look& look) {
  const struct End {
    Look& look;
    ~End() { look.has_ended = true; }
  } end{look};
  look.has_begun = true;
  look.signs = look_for_agent(subject.pid, &read_file);
  look.process = read_process(subject.pid).value_or(Process{});
  look.process.pid = subject.pid;
  if (look.signs && judge_one_below(*look.signs)) {
    look.process.command = shown_command(subject.pid, kCommandSize, &read_file);
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

void UnwatchedSearch::update(Root& root, const std::vector<Descendant>& found) {
  for (auto& [pid, known] : root.below) ++known.absences;
  for (const auto& [pid, start_ticks] : found) {
    Known& known = root.below[pid];
    if (known.start_ticks != start_ticks) known = Known{start_ticks};
    known.absences = 0;
  }
  std::erase_if(root.below,
                [](const auto& each) { return each.second.absences >= kAbsencesOfTheDead; });
}

// Who is suspected comes first, then who has not been looked at for the longest time.
void UnwatchedSearch::begin_looks() {
  std::vector<std::tuple<bool, std::uint64_t, Id, int>> wanted;
  for (const Id id : round_) {
    Root& root = roots_.at(id);
    root.has_more = false;
    const std::set<int> watched = root.client.watched();
    for (auto& [pid, known] : root.below) {
      if (watched.contains(pid)) {
        known.suspected.reset();
        known.is_told = false;
        continue;
      }
      const bool is_blocked = known.late && !known.late->has_ended;
      if (known.absences > 0 || is_blocked) continue;
      wanted.emplace_back(!known.suspected, known.looked, id, pid);
    }
  }
  std::ranges::sort(wanted);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& [is_trusted, looked, id, pid] = wanted[i];
    Root& root = roots_.at(id);
    if (i < bounds_.looks) {
      is_refused_ |= !begin_look({id, {pid, root.below.at(pid).start_ticks}});
    } else if (looked == 0) {
      root.has_more = true;
    }
  }
}

bool UnwatchedSearch::begin_look(const Subject& subject) {
  auto look = std::make_shared<Look>();
  const bool begun =
      background_->begin([look, process = subject.process] { look_at(process, *look); },
                         [this, look, subject](bool done) {
                           --awaited_;
                           on_look(subject, look, done);
                           end_round_if_done();
                         });
  if (!begun) return false;
  find(subject)->looked = ++looks_;
  ++awaited_;
  return true;
}

// A look that was begun and is not done still occupies a thread.
void UnwatchedSearch::on_look(const Subject& subject, const std::shared_ptr<const Look>& look,
                              bool done) {
  Known* const known = find(subject);
  if (known == nullptr) return;
  known->late = !done && look->has_begun ? look : nullptr;
  if (done && look->signs) note_signs(subject, *known, *look);
}

void UnwatchedSearch::note_signs(const Subject& subject, Known& known, const Look& look) {
  const auto verdict = judge_one_below(*look.signs);
  const bool is_held = roots_.at(subject.root).client.is_held(subject.process.pid);
  if (is_held && is_cleared(*look.signs)) {
    known.is_told = false;
    news_.push_back({subject, std::nullopt});
  }
  if (is_held || known.is_told) return;
  const auto reason = verdict ? std::optional(verdict->why.reason) : std::nullopt;
  const bool is_confirmed = reason && reason == known.suspected;
  known.suspected = is_confirmed ? std::nullopt : reason;
  if (!is_confirmed) return;
  known.is_told = true;
  news_.push_back(
      {subject, UnwatchedProcess{look.process, subject.process.start_ticks, verdict->why}});
}

// The clients are told last: whatever they do, the next round is planned.
void UnwatchedSearch::end_round_if_done() {
  if (awaited_ > 0) return;
  const auto now = Clock::now();
  for (const Id id : round_) {
    const auto root = roots_.find(id);
    if (root == roots_.end()) continue;
    auto& [process, client, pace, below, has_more] = root->second;
    const bool has_suspects = std::ranges::any_of(
        below, [](const auto& each) { return each.second.suspected.has_value(); });
    pace.on_looked(now, !is_refused_ && (has_suspects || has_more));
  }
  is_under_way_ = false;
  plan_round();
  while (!news_.empty()) {
    News next = std::move(news_.front());
    news_.pop_front();
    tell(std::move(next));
  }
}

// A process that has attached in the meantime is no news.
void UnwatchedSearch::tell(News news) {
  const auto& [root, process] = news.subject;
  if (find(news.subject) == nullptr) return;
  const Client client = roots_.at(root).client;  // which may leave
  if (!news.found) return client.on_cleared(process.pid);
  if (!client.watched().contains(process.pid)) client.on_found(*news.found);
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

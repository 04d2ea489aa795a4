#include "watchdog/ingest/agent_session.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <boost/algorithm/hex.hpp>
#include <chrono>
#include <csignal>
#include <cstring>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "shared/handshake.h"
#include "watchdog/crash/decode.h"
#include "watchdog/crash/diagnosis.h"
#include "watchdog/crash/signal_names.h"
#include "watchdog/enrich/source_lines.h"
#include "watchdog/enrich/thread_names.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/os/clock.h"
#include "watchdog/os/random_hex.h"

namespace pyfault {
namespace {

// Changed cells, and blocks, handled per turn of the loop; the rest waits for the next turn.
constexpr std::uint32_t kChildrenAtOnce = 64;
constexpr std::size_t kReportIdBytes = 16;

std::int64_t monotonic_now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

constexpr char kNotUnwound[] = "its stack was not unwound in time";

// Further ones add little information, and any process that can write to the ring can forge them.
constexpr RateLimit kLostChildren{20, std::chrono::minutes(1), 1};

std::optional<std::uint64_t> missing_page(const Signal& signal) {
  return signal.number == SIGBUS ? signal.address : std::nullopt;
}

// Returns nullopt if the stack of the thread that has written the record is not known.
std::optional<RecordedStacks> stacks_in(std::span<const std::byte> record, const Event& event) {
  const auto* crash = std::get_if<Crash>(&event.body);
  if (!crash || crash->threads.empty() || !crash->threads.front().crashed) return std::nullopt;
  auto first = CapturedStack::of(record);
  if (!first) return std::nullopt;
  RecordedStacks stacks{crash->pid, *std::move(first), {}, missing_page(crash->signal)};
  std::map<std::uint32_t, std::vector<Anchor>> anchors;  // by the thread's place in CPython's lists
  for (ThreadAnchors& each : anchors_of_other_threads(record)) {
    anchors.emplace(each.list_position, std::move(each.anchors));
  }
  const auto others = std::span(crash->threads).subspan(1);
  for (const Thread& thread : others.first(std::min<std::size_t>(others.size(), kMaxOtherStacks))) {
    const bool is_writer = thread.tid == crash->tid;
    stacks.others.push_back(
        {thread.tid, thread.ident, std::move(anchors[thread.list_position]), is_writer});
  }
  return stacks;
}

// Says of each thread but the first why it has no native stack, as long as it has none.
void give_reasons(std::span<Thread> threads, const std::vector<ThreadReading>& others) {
  for (std::size_t index = 1; index < threads.size(); ++index) {
    std::string& reason = threads[index].native.emplace().incomplete_reason;
    if (index > others.size()) {
      reason = fmt::format("there are more than {} other threads", kMaxOtherStacks);
    } else {
      const std::string& why_not = others[index - 1].why_not;
      reason = why_not.empty() ? kNotUnwound : why_not;
    }
  }
}

// Returns what the process that has crashed is told about its report; zeros if there is none.
ReportId report_id_of(const std::optional<Event>& event) {
  ReportId id{};
  const auto* crash = event ? std::get_if<Crash>(&event->body) : nullptr;
  if (crash == nullptr || crash->id.size() != 2 * sizeof id.words) return id;
  const std::string bytes = boost::algorithm::unhex(crash->id);
  std::memcpy(id.words, bytes.data(), sizeof id.words);
  return id;
}

}  // namespace

AgentSession::AgentSession(boost::asio::io_context& io, RingMemory ring, SavedSession saved,
                           EventSink& events, std::function<void()> on_end,
                           const SessionSettings& settings, UniqueFd attached)
    : family_(
          io, std::move(saved.family), [this](int pid) { on_death(pid); }, settings.attached,
          std::move(attached)),
      ring_(std::move(ring)),
      reader_(ring_.address()),
      polling_(io, [this] { poll(); }),
      attached_ns_(saved.attached_ns),
      dropped_(saved.dropped),
      unknown_children_(saved.unknown_children),
      contextless_(saved.contextless),
      lost_seen_(saved.lost_children),
      crashes_(settings.records),
      dumps_(settings.records),
      lost_children_(kLostChildren),
      notices_(settings.records),
      exits_(events, settings.records, settings.all_exits),
      ring_id_(settings.ring),
      receipt_(settings.receipt),
      last_context_(settings.last_context),
      save_(settings.save),
      take_hellos_(settings.take_hellos),
      on_exec_(settings.on_exec),
      crash_looks_(settings.looks),
      own_death_told_(saved.own_death_told),
      events_(events),
      on_end_(std::move(on_end)) {
  for (const int signal : saved.replaced) {
    if (signal > 0 && signal < NSIG) replaced_.set(static_cast<std::size_t>(signal));
  }
  if (own_death_told_) exits_.note_told(family_.attached().own_pid);
}

SavedSession AgentSession::saved() const {
  SavedSession saved{
      0,  family_.saved(), attached_ns_, dropped_, unknown_children_, contextless_, lost_seen_,
      {}, own_death_told_};
  for (int signal = 1; signal < NSIG; ++signal) {
    if (replaced_.test(static_cast<std::size_t>(signal))) saved.replaced.push_back(signal);
  }
  return saved;
}

void AgentSession::read_records() {
  scan_ring();
  finish_looks_at(std::nullopt);
}

void AgentSession::handle_deaths() {
  for (const int pid : family_.dead()) on_death(pid);
}

std::vector<int> AgentSession::processes() const {
  std::vector<int> processes = family_.living();
  std::erase_if(processes, [this](int pid) { return !watches(pid); });
  return processes;
}

void AgentSession::drain() {
  read_records();
  handle_deaths();
  report_omissions();
}

// What it said before the exec does not describe what it executes.
void AgentSession::forget(int pid) {
  if (family_.has(pid)) free_contexts_of(family_.own_pid_of(pid));
  family_.forget(pid);
  end_if_over();
}

void AgentSession::close() {
  ended_ = true;
  looks_.clear();
  family_.forget_all();
}

bool AgentSession::take_over(bool will_be_found) {
  stage_ = will_be_found ? RingStage::kTaken : RingStage::kHeard;
  reader_.set_ack_timeout(kDefaultAckTimeoutMs);
  reader_.set_native_off(!wants_native());
  return reader_.take(stage_);
}

void AgentSession::poll() {
  if (ended_) return;
  scan_ring();
  end_if_over();
}

// Reports the last record first. A process that has executed another program is no longer a member
// then. The next watchdog must not find the attached process among the members and report its end
// again.
void AgentSession::on_death(int pid) {
  if (ended_) return family_.forget(pid);
  scan_ring();
  if (take_hellos_) take_hellos_();
  if (family_.has(pid)) {
    finish_looks_at(pid);
    const ProcessFamily::End end = family_.end_of(pid);
    Context context = take_last_context(end);
    family_.forget(pid);
    if (save_ && pid == this->pid()) save_();
    exits_.report(end, std::move(context));
  }
  poll();
}

// Nothing else tells of the end of a forked child that was collected before it could become a
// member. One that is only now seen, because it lives or is a zombie, may become one.
void AgentSession::report_unseen_end(int own_pid) {
  if (ended_ || family_.watch(own_pid) || family_.knows(own_pid)) return;
  const ProcessFamily::End end = family_.unseen_end(own_pid);
  exits_.report(end, take_last_context(end));
}

void AgentSession::scan_ring() {
  inspect_execution();
  inspect_children();
  report_replaced_handlers();
  report_lost_children();
  inspect_slots(Owners::kMayLive);
  inspect_contexts();
  // A notice that is not admitted stays in the count.
  if (reader_.dropped_records() != dropped_ && admit_notice()) report_dropped();
}

void AgentSession::inspect_execution() {
  const bool says_so = family_.has(pid()) && reader_.executing() == family_.attached().own_pid;
  const bool said_so = std::exchange(has_executed_, says_so);
  if (says_so && !said_so && on_exec_) on_exec_(pid());
}

// Bounded per turn: each changed cell costs a look into /proc, and a hostile process can change all
// cells.
void AgentSession::inspect_children() {
  const std::uint32_t end = reader_.children_end();
  if (children_.size() < end) children_.resize(end);
  std::uint32_t changed = 0;
  for (std::uint32_t cell = 0; cell < end; ++cell) {
    if (!inspect_child(cell)) continue;
    if (++changed == kChildrenAtOnce) return polling_.request();
  }
}

// Returns false if the cell is free or unchanged.
bool AgentSession::inspect_child(std::uint32_t cell) {
  const std::int32_t pid = reader_.child(cell);
  const std::int32_t before = std::exchange(children_[cell], pid);
  // The process has executed another program, unless it has only moved to another cell.
  if (before > 0 && pid != before && std::ranges::count(children_, before) == 0) {
    family_.forget_own(before);
  }
  if (pid == 0 || (pid == before && family_.knows(pid))) return false;
  if (pid > 0 && pid != before) family_.watch(pid);
  if (pid <= 0 || !family_.knows(pid)) {
    reader_.remove_child(cell, pid);
    children_[cell] = 0;
  }
  return true;
}

// Frees the blocks of processes that died before they became known. Those of members are freed when
// their ends are handled. A block whose owner lives is left alone, whoever that is.
void AgentSession::inspect_contexts() {
  const std::uint32_t end = reader_.contexts_end();
  if (context_owners_.size() < end) context_owners_.resize(end);
  std::uint32_t changed = 0;
  for (std::uint32_t block = 0; block < end; ++block) {
    if (!inspect_context(block)) continue;
    if (++changed == kChildrenAtOnce) return polling_.request();
  }
}

// Returns false if the block is free, or belongs to the same process as before.
bool AgentSession::inspect_context(std::uint32_t block) {
  const std::int32_t owner = reader_.context_owner(block);
  if (std::exchange(context_owners_[block], owner) == owner || owner == 0) return false;
  if (owner > 0 && (family_.knows(owner) || family_.watch(owner) || family_.knows(owner)))
    return true;
  free_context(block, owner);
  return true;
}

void AgentSession::free_context(std::uint32_t block, std::int32_t owner) {
  ring_.give_back_context(block);
  reader_.free_context(block, owner);
  context_owners_[block] = 0;
}

void AgentSession::free_contexts_of(int own_pid) {
  const std::uint32_t end = reader_.contexts_end();
  if (context_owners_.size() < end) context_owners_.resize(end);
  for (std::uint32_t block = 0; block < end; ++block) {
    if (reader_.context_owner(block) == own_pid) free_context(block, own_pid);
  }
}

std::optional<DecodedContext> AgentSession::context_of(int own_pid) const {
  const std::uint32_t block = reader_.context_of(own_pid);
  if (block == kContextCount) return std::nullopt;
  ContextCopy copy;
  reader_.copy_context(block, copy);
  return decode_context(copy);
}

Context AgentSession::take_last_context(const ProcessFamily::End& end) {
  const auto decoded = context_of(end.own_pid);
  if (!decoded) return {};
  free_contexts_of(end.own_pid);
  Context context = context_at_end(*decoded, monotonic_now_ns());
  if (last_context_ && !context.empty()) last_context_(end.process.pid, context);
  return context;
}

std::vector<int> AgentSession::tainted() const {
  std::vector<int> pids = family_.living();
  std::erase_if(pids, [this](int pid) {
    const std::uint32_t block = reader_.context_of(family_.own_pid_of(pid));
    return block == kContextCount || reader_.tainted(block) == 0;
  });
  return pids;
}

// As long as a known process lives, another record may follow. A child that entered itself before
// kLeft was set is found here, and one that enters itself later sees kLeft.
bool AgentSession::is_over() {
  if (!family_.all_dead()) return false;
  reader_.set_stage(RingStage::kLeft);
  inspect_children();
  if (family_.all_dead() && !polling_.is_requested()) return true;
  reader_.set_stage(stage_);
  return false;
}

void AgentSession::end_if_over() {
  if (ended_ || !is_over()) return;
  ended_ = true;
  finish_looks_at(std::nullopt);
  inspect_slots(Owners::kAllDead);
  report_omissions();
  on_end_();
}

void AgentSession::inspect_slots(Owners owners) {
  const std::uint32_t end = reader_.slots_end();
  for (std::uint32_t index = 0; index < end; ++index) inspect_slot(index, owners);
}

void AgentSession::inspect_slot(std::uint32_t index, Owners owners) {
  if (looks_.contains(index)) return;
  const SlotSnapshot slot = reader_.snapshot(index);
  switch (slot.finding) {
    case SlotFinding::kFree:
      return;
    case SlotFinding::kGarbage:
      reader_.release(index, slot.word);
      return;
    case SlotFinding::kClaimed:
      // watch() also arranges for a call when the owner dies.
      if (owners == Owners::kMayLive && family_.watch(slot.owner)) return;
      break;
    case SlotFinding::kPublished:
      break;
  }
  take_record(index, slot);
}

// A marked record was taken by a previous watchdog that died before it released the slot.
void AgentSession::take_record(std::uint32_t index, const SlotSnapshot& slot) {
  const bool is_whole =
      slot.finding == SlotFinding::kPublished && reader_.cut_short(index) == CutShort::kNone;
  const Taken record{index, slot.word, reader_.committed(index), is_whole};
  if (reader_.is_taken(index, slot.word)) return release(record);
  report_record(record, slot);
}

// The receipt comes first, because a record whose ring nobody else has is lost before that.
void AgentSession::report_record(const Taken& record, const SlotSnapshot& slot) {
  std::vector<std::byte> bytes(record.size);
  reader_.copy_out(record.index, bytes.data(), bytes.size());
  const std::string id = random_hex(kReportIdBytes);
  Receipt receipt = receipt_ ? receipt_(id, {ring_id_, record.index, slot.word}, 1) : nullptr;
  auto event = describe(record.index, slot, bytes, id);
  reader_.set_report_id(record.index, report_id_of(event));
  if (event) event->receipt = std::move(receipt);
  auto stacks = event && wants_native() ? stacks_in(bytes, *event) : std::nullopt;
  wipe(bytes);
  if (event) event->native_full = wants_native() && crash_looks_->mode() == NativeMode::kFull;
  if (stacks && begin_look(record, *event, slot.owner, *std::move(stacks))) return;
  hand_over(record, std::move(event));
}

bool AgentSession::wants_native() const {
  return crash_looks_ && crash_looks_->mode() != NativeMode::kOff;
}

// Returns false if there will be none; the crash then says why.
bool AgentSession::begin_look(const Taken& record, Event& event, int owner, RecordedStacks stacks) {
  auto& crash = std::get<Crash>(event.body);
  auto& native = crash.threads.front().native.emplace();
  const auto pid = ended_ ? std::nullopt : family_.living_pid(owner);
  if (!pid) {
    native.incomplete_reason = "the process died before its memory map could be read";
    return false;
  }
  auto recorded = std::make_shared<const RecordedStacks>(std::move(stacks));
  const auto then = [this, alive = std::weak_ptr(alive_),
                     record](std::shared_ptr<ProcessSnapshot> snapshot) {
    if (!alive.expired()) on_looked(record, std::move(snapshot));
  };
  if (!crash_looks_->begin(*pid, recorded, then)) {
    native.incomplete_reason = "too many processes crashed at the same time";
    return false;
  }
  native.incomplete_reason = "the memory map of the process could not be read in time";
  looks_[record.index] = {record, *pid, std::move(event), std::move(recorded)};
  return true;
}

// The slot may have been released without waiting for the look, and have another record by now.
void AgentSession::on_looked(const Taken& record, std::shared_ptr<ProcessSnapshot> snapshot) {
  const auto look = looks_.find(record.index);
  if (look == looks_.end() || look->second.record.word != record.word) return;
  finish_look(std::move(looks_.extract(look).mapped()), std::move(snapshot));
  end_if_over();
}

void AgentSession::finish_look(Look look, std::shared_ptr<ProcessSnapshot> snapshot) {
  if (snapshot) {
    auto& crash = std::get<Crash>(look.event.body);
    crash.diagnosis = diagnose(crash, snapshot->map, snapshot->file_size);
    crash.threads.front().native->incomplete_reason = kNotUnwound;
    give_reasons(crash.threads, snapshot->others);
    if (crash.kind == CrashKind::kCrash) {
      look.event.write_minidump = crash_looks_->minidump_writer(look.pid, look.stacks, snapshot);
    }
    look.event.read_stacks =
        crash_looks_->stack_reader(std::move(look.stacks), std::move(snapshot));
  }
  hand_over(look.record, std::move(look.event));
}

// Without waiting any longer, for the processes are dead. nullopt: all of them. Whoever hears of a
// crash may call this session, so the search begins anew after each.
void AgentSession::finish_looks_at(std::optional<int> pid) {
  const auto find = [&] {
    return std::ranges::find_if(looks_,
                                [&](const auto& each) { return !pid || each.second.pid == *pid; });
  };
  for (auto look = find(); look != looks_.end(); look = find()) {
    finish_look(std::move(looks_.extract(look).mapped()), {});
  }
}

// If this process is killed after mark_taken(), the record is counted as lost and not reported
// again.
void AgentSession::hand_over(const Taken& record, std::optional<Event> event) {
  const auto* crash = event ? std::get_if<Crash>(&event->body) : nullptr;
  const bool is_fatal = crash && crash->fatal;
  reader_.mark_taken(record.index, record.word);
  if (event) events_.on_event(std::move(*event));
  release(record);
  if (is_fatal) report_unseen_end(SlotWord::unpack(record.word).owner);
}

// Behind what a handler has committed there may be a part of the stack, if it did not get to its
// end.
void AgentSession::release(const Taken& record) {
  ring_.give_back(record.index, record.is_whole ? record.size : kSlotPayload);
  reader_.release(record.index, record.word);
}

std::optional<Event> AgentSession::describe(std::uint32_t index, const SlotSnapshot& slot,
                                            std::span<const std::byte> record, std::string id) {
  const bool published = slot.finding == SlotFinding::kPublished;
  auto crash = decode({record, reader_.cut_short(index), published});
  if (!admit(crash ? &*crash : nullptr, slot.owner)) return std::nullopt;
  Process process = family_.describe(slot.owner);
  if (!crash) {
    std::string message = name_and_pid(process) + " left a record that can't be read";
    return notice(std::move(process), std::move(message));
  }
  crash->id = std::move(id);
  if (const auto context = context_of(slot.owner)) add_context(*crash, *context);
  if (crash->fatal) exits_.note_fatal(slot.owner, *crash);
  const auto pid = family_.living_pid(slot.owner);
  add_thread_names(*crash, pid);
  crash->diagnosis = diagnose(*crash, MemoryMap());
  if (!wants_native()) {
    crash->registers.clear();
    crash->instruction.reset();
  }
  const std::int64_t realtime_ns = crash->realtime_ns;
  Event event{realtime_ns, "", std::nullopt, std::move(process), std::move(*crash)};
  if (pid) {
    const std::string& executable = family_.attached().process.executable;
    event.read_sources = source_reader(*pid, executable, attached_ns_);
  }
  return event;
}

// The fatal crash of the attached process is not crowded out by its children's records. That
// exemption is used once; further claims of such a crash are subject to the limit.
bool AgentSession::admit(const Crash* crash, int owner) {
  if (crash && crash->fatal && owner == family_.attached().own_pid && !own_death_told_) {
    own_death_told_ = true;
    return true;
  }
  const bool is_dump = crash && crash->kind == CrashKind::kDump;
  return admit(is_dump ? dumps_ : crashes_);
}

bool AgentSession::admit(RateLimiter& limit) {
  const bool was_shut = limit.is_limiting();
  const bool admitted = limit.admit(std::chrono::steady_clock::now());
  if (admitted && was_shut) report_left_out(limit);
  if (!admitted && !was_shut) {
    report_about_attached(
        fmt::format("more than {} records: most of what follows is counted, not reported",
                    limit.allowance().burst));
  }
  return admitted;
}

void AgentSession::report_omissions() {
  report_dropped();
  report_unknown_children();
  report_contextless();
  report_left_out(crashes_);
  report_left_out(dumps_);
  report_left_out_exits();
  report_left_out_children();
}

void AgentSession::report_left_out(RateLimiter& limit) {
  const std::uint64_t count = limit.take_suppressed();
  if (count == 0) return;
  report_about_attached(
      fmt::format("{} not reported, because there were too many",
                  count == 1 ? "1 record was" : fmt::format("{} records were", count)),
      count);
}

// Reported for the attached process and once per signal, so a process that writes to the ring
// cannot flood the log.
void AgentSession::report_replaced_handlers() {
  const std::uint64_t replaced = reader_.replaced_handlers();
  for (int signal = 1; signal < NSIG; ++signal) {
    if ((replaced >> (signal - 1) & 1) == 0 || replaced_[static_cast<std::size_t>(signal)])
      continue;
    replaced_.set(static_cast<std::size_t>(signal));
    events_.on_event({realtime_now_ns(), "", std::nullopt, family_.attached().process,
                      HandlerReplacedEvent{signal}});
  }
}

// These children ran on their parent's memory and could leave no record of their own. The last one
// is reported with its parent and signal; others since the last look are counted.
void AgentSession::report_lost_children() {
  const LostVforkChild last = reader_.lost_child();
  const auto more = static_cast<std::uint16_t>(last.count - lost_seen_);
  if (more == 0) return;
  lost_seen_ = last.count;
  lost_children_.leave_out(more - 1U);
  if (last.signal == 0 || last.signal >= NSIG || last.parent <= 0 ||
      !lost_children_.admit(std::chrono::steady_clock::now())) {
    return;
  }
  report_left_out_children();
  Process parent = family_.describe(last.parent);
  std::string message = name_and_pid(parent) + ": a child of it died of " +
                        signal_name(last.signal) +
                        " on its memory (vfork), before it executed a program";
  events_.on_event(notice(std::move(parent), std::move(message)));
}

void AgentSession::report_left_out_children() {
  const std::uint64_t count = lost_children_.take_suppressed();
  if (count == 0) return;
  report_about_attached(
      fmt::format("{} more died on its memory, or that of its children (vfork)", count));
}

void AgentSession::report_dropped() {
  const std::uint32_t more = reader_.dropped_records() - dropped_;
  if (more == 0) return;
  const ReportSource source{ring_id_, ReportSource::kDroppedRecords, dropped_};
  Receipt receipt = receipt_ ? receipt_(random_hex(kReportIdBytes), source, more) : nullptr;
  dropped_ += more;
  if (save_) save_();
  report_about_attached(fmt::format("{} crash records were lost, for the ring was full", more),
                        more, std::move(receipt));
}

void AgentSession::report_left_out_exits() {
  const std::uint64_t count = exits_.take_suppressed();
  if (count == 0) return;
  report_about_attached(fmt::format(
      "the ends of {} processes were not reported, because there were too many", count));
}

void AgentSession::report_unknown_children() {
  const std::uint32_t more = reader_.unknown_children() - unknown_children_;
  if (more == 0) return;
  unknown_children_ += more;
  report_about_attached(fmt::format(
      "it had more than {} children at a time, and {} of them were not watched until they crashed",
      kMaxChildren, more));
}

void AgentSession::report_contextless() {
  const std::uint32_t more = reader_.contextless() - contextless_;
  if (more == 0) return;
  contextless_ += more;
  report_about_attached(
      fmt::format("more than {} processes had annotations, breadcrumbs or heartbeats at a time, "
                  "and those of {} "
                  "were not recorded",
                  kContextCount, more));
}

bool AgentSession::admit_notice() {
  return notices_.admit(std::chrono::steady_clock::now());
}

void AgentSession::report_about_attached(const std::string& message, std::uint64_t dropped_records,
                                         Receipt receipt) {
  const Process& process = family_.attached().process;
  Event event = notice(process, name_and_pid(process) + ": " + message);
  std::get<NoticeEvent>(event.body).dropped_records = dropped_records;
  event.receipt = std::move(receipt);
  events_.on_event(std::move(event));
}

}  // namespace pyfault

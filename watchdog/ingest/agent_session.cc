#include "watchdog/ingest/agent_session.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "shared/handshake.h"
#include "watchdog/crash/decode.h"
#include "watchdog/crash/signal_names.h"
#include "watchdog/enrich/source_lines.h"
#include "watchdog/enrich/thread_names.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/os/random_hex.h"

namespace pyfault {
namespace {

// The rest waits for the next wake-up, after everybody else's turn.
constexpr std::size_t kTokensPerWakeup = 64;
constexpr std::size_t kCrashIdBytes = 16;

// They say little more than the first did, and whoever can write to the pipe can make them up.
constexpr RecordAllowance kLostChildren{20, std::chrono::minutes(1), 1};

}  // namespace

AgentSession::AgentSession(boost::asio::io_context& io, Attachment attachment,
                           std::function<void(Event)> on_event, std::function<void()> on_end,
                           const RecordAllowance& allowance)
    : family_(io, std::move(attachment.process), [this] { wake_up(); }),
      ring_(std::move(attachment.ring)),
      reader_(ring_.address()),
      attached_ns_(attachment.realtime_ns),
      crashes_(allowance),
      dumps_(allowance),
      lost_children_(kLostChildren),
      notices_(allowance),
      on_event_(std::move(on_event)),
      on_end_(std::move(on_end)) {
  pipe_.emplace(io, std::move(attachment.pipe), [this] { wake_up(); });
  pipe_->start();
}

AgentSession::AgentSession(boost::asio::io_context& io, KeptSession kept,
                           std::function<void(Event)> on_event, std::function<void()> on_end,
                           const RecordAllowance& allowance)
    : family_(io, std::move(kept.memory.family), [this] { wake_up(); }),
      ring_(RingMemory::as_it_is(RingFile(std::move(kept.ring)))),
      reader_(ring_.address()),
      attached_ns_(kept.memory.attached_ns),
      dropped_(kept.memory.dropped),
      crashes_(allowance),
      dumps_(allowance),
      lost_children_(kLostChildren),
      notices_(allowance),
      own_death_told_(kept.memory.own_death_told),
      on_event_(std::move(on_event)),
      on_end_(std::move(on_end)) {
  for (const int signal : kept.memory.replaced) {
    if (signal > 0 && signal < NSIG) replaced_.set(static_cast<std::size_t>(signal));
  }
  if (!kept.pipe) throw std::runtime_error("its pipe is missing");
  pipe_.emplace(io, std::move(kept.pipe), [this] { wake_up(); });
  pipe_->start();
}

SessionMemory AgentSession::memory() const {
  SessionMemory memory{0, family_.memory(), attached_ns_, dropped_, {}, own_death_told_};
  for (int signal = 1; signal < NSIG; ++signal) {
    if (replaced_.test(static_cast<std::size_t>(signal))) memory.replaced.push_back(signal);
  }
  return memory;
}

void AgentSession::drain() {
  look_around();
  report_omissions();
}

void AgentSession::forget(int pid) {
  family_.forget(pid);
  end_if_over();
}

void AgentSession::close() {
  ended_ = true;
  pipe_.reset();
  family_.forget_all();
}

void AgentSession::wake_up() {
  look_around();
  end_if_over();
}

void AgentSession::look_around() {
  take_tokens();
  look_at_slots(Owners::kMayLive);
  // What is not said now stays in the count.
  if (reader_.dropped_records() != dropped_ && admit_notice()) report_dropped();
}

// A token of a record is a reason to look at all slots, whoever it names.
void AgentSession::take_tokens() {
  if (!pipe_) return;
  std::array<Token, kTokensPerWakeup> tokens;
  const ssize_t size = ::read(pipe_->get(), tokens.data(), sizeof(tokens));
  if (size < 0) return;
  const std::size_t count = static_cast<std::size_t>(size) / sizeof(Token);
  for (const Token& token : std::span(tokens).first(count)) {
    if (token.kind == TokenKind::kForked) family_.watch(token.pid);
    if (token.kind == TokenKind::kHandlerReplaced) report_replaced_handler(token);
    if (token.kind == TokenKind::kBorrowerDied) report_lost_child(token);
  }
  if (size == 0) pipe_.reset();
}

// While the pipe is open, or a known process lives, somebody may still write a record.
void AgentSession::end_if_over() {
  if (ended_ || pipe_ || !family_.all_dead()) return;
  ended_ = true;
  look_at_slots(Owners::kAllDead);
  report_omissions();
  on_end_();
}

void AgentSession::look_at_slots(Owners owners) {
  for (std::uint32_t index = 0; index < kSlotCount; ++index) look_at(index, owners);
}

void AgentSession::look_at(std::uint32_t index, Owners owners) {
  const SlotLook slot = reader_.look(index);
  switch (slot.finding) {
    case SlotFinding::kFree:
      return;
    case SlotFinding::kGarbage:
      reader_.release(index, slot.word);
      return;
    case SlotFinding::kClaimed:
      // watch() also sees to it that we hear of the owner's death.
      if (owners == Owners::kMayLive && family_.watch(slot.owner)) return;
      break;
    case SlotFinding::kPublished:
      break;
  }
  take_record(index, slot);
}

void AgentSession::take_record(std::uint32_t index, const SlotLook& slot) {
  std::vector<std::byte> record(reader_.committed(index));
  reader_.copy_out(index, record.data(), record.size());
  if (auto event = describe(index, slot, record)) on_event_(std::move(*event));
  ring_.give_back(index, record.size());
  reader_.release(index, slot.word);
}

std::optional<Event> AgentSession::describe(std::uint32_t index, const SlotLook& slot,
                                            std::span<const std::byte> record) {
  const bool published = slot.finding == SlotFinding::kPublished;
  auto crash = decode({record, reader_.cut_short(index), published});
  if (!admit(crash ? &*crash : nullptr, slot.owner)) return std::nullopt;
  Process process = family_.describe(slot.owner);
  if (!crash) {
    std::string message = name_and_pid(process) + " left a record that can't be read";
    return notice(std::move(process), std::move(message));
  }
  crash->id = random_hex(kCrashIdBytes);
  const auto pid = family_.living_pid(slot.owner);
  if (pid) add_source_lines(*crash, *pid, attached_ns_);
  add_thread_names(*crash, pid);
  const std::int64_t realtime_ns = crash->realtime_ns;
  return Event{realtime_ns, "", std::nullopt, std::move(process), std::move(*crash)};
}

// The end of the program is not left out for its children's sake. It dies once; whoever says more
// often that it does stands in line.
bool AgentSession::admit(const Crash* crash, int owner) {
  if (crash && crash->fatal && owner == family_.attached().own_pid && !own_death_told_) {
    own_death_told_ = true;
    return true;
  }
  const bool is_dump = crash && crash->kind == CrashKind::kDump;
  return admit(is_dump ? dumps_ : crashes_);
}

bool AgentSession::admit(RecordLimit& limit) {
  const bool was_shut = limit.is_shut();
  const bool admitted = limit.admit(std::chrono::steady_clock::now());
  if (admitted && was_shut) report_left_out(limit);
  if (!admitted && !was_shut) {
    report_about_attached("more than " + std::to_string(limit.allowance().burst) +
                          " records: most of what follows is counted, not reported");
  }
  return admitted;
}

void AgentSession::report_omissions() {
  report_dropped();
  report_left_out(crashes_);
  report_left_out(dumps_);
  report_left_out_children();
}

void AgentSession::report_left_out(RecordLimit& limit) {
  const std::uint64_t count = limit.take_left_out();
  if (count == 0) return;
  report_about_attached(std::to_string(count) + (count == 1 ? " record was" : " records were") +
                            " not reported, for there were too many",
                        count);
}

// Of the process that attached, and once a signal: whoever writes to the pipe can't flood the log.
void AgentSession::report_replaced_handler(const Token& token) {
  const AttachedProcess& attached = family_.attached();
  if (token.pid != attached.own_pid || token.signal == 0 || token.signal >= replaced_.size() ||
      replaced_[token.signal]) {
    return;
  }
  replaced_.set(token.signal);
  on_event_(
      {realtime_now_ns(), "", std::nullopt, attached.process, HandlerReplacedEvent{token.signal}});
}

// It ran on its parent's memory, where it could leave no record of its own; the token names the
// parent.
void AgentSession::report_lost_child(const Token& token) {
  if (token.signal == 0 || token.signal >= NSIG ||
      !lost_children_.admit(std::chrono::steady_clock::now())) {
    return;
  }
  report_left_out_children();
  Process parent = family_.describe(token.pid);
  std::string message = name_and_pid(parent) + ": a child of it died of " +
                        signal_name(token.signal) +
                        " on its memory (vfork), before it executed a program";
  on_event_(notice(std::move(parent), std::move(message)));
}

void AgentSession::report_left_out_children() {
  const std::uint64_t count = lost_children_.take_left_out();
  if (count == 0) return;
  report_about_attached(std::to_string(count) +
                        " more died on its memory, or that of its children (vfork)");
}

void AgentSession::report_dropped() {
  const std::uint32_t more = reader_.dropped_records() - dropped_;
  if (more == 0) return;
  dropped_ += more;
  report_about_attached(std::to_string(more) + " crash records were lost, for the ring was full",
                        more);
}

bool AgentSession::admit_notice() {
  return notices_.admit(std::chrono::steady_clock::now());
}

void AgentSession::report_about_attached(const std::string& message,
                                         std::uint64_t dropped_records) {
  const Process& process = family_.attached().process;
  Event event = notice(process, name_and_pid(process) + ": " + message);
  std::get<NoticeEvent>(event.body).dropped_records = dropped_records;
  on_event_(std::move(event));
}

}  // namespace pyfault

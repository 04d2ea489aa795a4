// One ring, from the handshake until no process can write to it any more.
//
// Turns published records, and claimed slots whose owner died, into events. A slot is released,
// which is the ack that a crashing process waits for, only when its event has been handed over, or
// when its record exceeds the limit (rate_limiter.h); such records are counted, and a notice gives
// the count. The crash that ends the attached process itself is exempt from the limit once. A
// hostile agent can waste its own ring, but costs the loop a bounded amount of work per wake-up and
// a bounded amount of memory.
#pragma once

#include <sys/types.h>

#include <bitset>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "shared/ring_reader.h"
#include "watchdog/crash/decode_context.h"
#include "watchdog/event/event_sink.h"
#include "watchdog/ingest/crash_looks.h"
#include "watchdog/ingest/exit_reports.h"
#include "watchdog/ingest/process_family.h"
#include "watchdog/ingest/rate_limiter.h"
#include "watchdog/ingest/saved_session.h"
#include "watchdog/loop/deferred.h"
#include "watchdog/os/ledger.h"
#include "watchdog/os/ring_memory.h"

namespace pyfault {

struct SessionSettings {
  RateLimit records{};
  bool all_exits = false;  // otherwise only unclean exits are reported
  std::shared_ptr<AttachedProcesses> attached = std::make_shared<AttachedProcesses>();
  std::uint64_t ring = 0;  // the number of the ring
  // If set, returns the receipt of what is about to be reported.
  TakeReceipt receipt{};
  // Called when a process has ended that has said something about itself, before its end is
  // reported if it is.
  std::function<void(int pid, const Context& context)> last_context{};
  // Called when saved() has changed and must be stored before the session goes on.
  std::function<void()> save{};
  // Called before a dead process is taken for ended: it may have executed another program and have
  // said hello again. Takes the hellos that wait, which may call forget().
  std::function<void()> take_hellos{};
  // Called when the attached process says that it is executing another program. It may still fail
  // to do so.
  std::function<void(int pid)> on_exec{};
  // Outlives the session; null: native stacks are not wanted.
  CrashLooks* looks = nullptr;
};

class AgentSession {
 public:
  // A new session, or one of a previous watchdog. `on_end` is called once, when every process known
  // to use the ring has died. It must not destroy the session before it has returned to the loop.
  // `attached`: a pidfd of the attached process, if there is one.
  AgentSession(boost::asio::io_context& io, RingMemory ring, SavedSession saved, EventSink& events,
               std::function<void()> on_end, const SessionSettings& settings = {},
               UniqueFd attached = {});
  AgentSession(const AgentSession&) = delete;
  AgentSession& operator=(const AgentSession&) = delete;

  // What a successor needs to take over this session. The id is left 0.
  SavedSession saved() const;

  // Tells the agent that its ring is taken, and the ack timeout. `will_be_found`: the next watchdog
  // will find the ring too. Returns false if the agent has given the ring up, for the watchdog that
  // was to take it had died: whatever is in the ring, the agent has recorded in another one.
  bool take_over(bool will_be_found = true);

  // Handles what is in the ring now, and ends the session if no process is left.
  void poll();

  // Whether a process has died whose end has not been handled.
  bool has_deaths() const { return !family_.dead().empty(); }

  // Handles every slot now.
  void read_records();

  // Handles every dead process now, in particular those that died before this session began. They
  // may still have a hello waiting, so this is not for the call that takes one.
  void handle_deaths();

  // Both, and reports what was lost or left out since the last such report.
  void drain();

  // The process that attached; like all numbers here, in the watchdog's pid namespace.
  int pid() const { return family_.attached().process.pid; }

  // Its user, as the kernel said when it attached.
  uid_t uid() const { return family_.attached().uid; }

  // `pid` has attached again, so it left this ring by exec.
  void forget(int pid);

  // The living processes of this ring in which a fault has become an exception.
  std::vector<int> tainted() const;

  // Whether the attached process says that it has executed another program. This session reports
  // its end nevertheless, unless forget() is called for it.
  bool has_executed() const { return has_executed_; }

  // Whether `pid` is a living process of this ring, and has executed no other program.
  bool watches(int pid) const {
    return family_.lives(pid) && !(has_executed_ && pid == this->pid());
  }

  // All of those.
  std::vector<int> processes() const;

  // Whether on_end has been called, or close().
  bool has_ended() const { return ended_; }

  // Ends the session without reporting anything or calling on_end.
  void close();

 private:
  enum class Owners { kMayLive, kAllDead };

  // A record in its slot.
  struct Taken {
    std::uint32_t index = 0;
    std::uint64_t word = 0;
    std::size_t size = 0;
    bool is_whole = false;
  };

  // A crash or dump whose process is being looked at.
  struct Look {
    Taken record;
    int pid = 0;  // as seen by the watchdog
    Event event;
    std::shared_ptr<const RecordedStacks> stacks;
  };

  void on_death(int pid);
  void scan_ring();
  void inspect_execution();
  void inspect_children();
  bool inspect_child(std::uint32_t cell);
  bool is_over();
  void end_if_over();
  void inspect_contexts();
  bool inspect_context(std::uint32_t block);
  std::optional<DecodedContext> context_of(int own_pid) const;
  Context take_last_context(const ProcessFamily::End& end);
  void free_context(std::uint32_t block, std::int32_t owner);
  void free_contexts_of(int own_pid);
  void inspect_slots(Owners owners);
  void inspect_slot(std::uint32_t index, Owners owners);
  void take_record(std::uint32_t index, const SlotSnapshot& slot);
  void report_record(const Taken& record, const SlotSnapshot& slot);
  bool wants_native() const;
  bool begin_look(const Taken& record, Event& event, int owner, RecordedStacks stacks);
  void on_looked(const Taken& record, std::shared_ptr<ProcessSnapshot> snapshot);
  void finish_look(Look look, std::shared_ptr<ProcessSnapshot> snapshot);
  void finish_looks_at(std::optional<int> pid);
  void hand_over(const Taken& record, std::optional<Event> event);
  void release(const Taken& record);
  std::optional<Event> describe(std::uint32_t index, const SlotSnapshot& slot,
                                std::span<const std::byte> record, std::string id);
  bool admit(const Crash* crash, int owner);
  bool admit(RateLimiter& limit);
  bool admit_notice();
  void report_omissions();
  void report_left_out(RateLimiter& limit);
  void report_unseen_end(int own_pid);
  void report_replaced_handlers();
  void report_lost_children();
  void report_left_out_children();
  void report_left_out_exits();
  void report_unknown_children();
  void report_contextless();
  void report_dropped();
  void report_about_attached(const std::string& message, std::uint64_t dropped_records = 0,
                             Receipt receipt = {});

  ProcessFamily family_;
  RingMemory ring_;
  RingReader reader_;
  std::vector<std::int32_t> children_;        // by cell, as of the last look
  std::vector<std::int32_t> context_owners_;  // likewise, by block
  Deferred polling_;
  std::int64_t attached_ns_;
  std::uint32_t dropped_ = 0;
  std::uint32_t unknown_children_ = 0;
  std::uint32_t contextless_ = 0;
  std::uint16_t lost_seen_ = 0;  // lost children already reported
  std::bitset<NSIG> replaced_;   // signals already reported
  RateLimiter crashes_;          // apart from dumps, a flood of which must not crowd out a crash
  RateLimiter dumps_;
  RateLimiter lost_children_;
  RateLimiter notices_;
  ExitReports exits_;
  std::uint64_t ring_id_;
  TakeReceipt receipt_;
  std::function<void(int pid, const Context& context)> last_context_;
  std::function<void()> save_;
  std::function<void()> take_hellos_;
  std::function<void(int pid)> on_exec_;
  CrashLooks* crash_looks_;
  std::map<std::uint32_t, Look> looks_;  // by the index of the slot
  const std::shared_ptr<const int> alive_ = std::make_shared<int>();
  bool own_death_told_ = false;
  bool has_executed_ = false;
  RingStage stage_ = RingStage::kWaiting;  // while the ring is in use
  bool ended_ = false;
  EventSink& events_;
  std::function<void()> on_end_;
};

}  // namespace pyfault

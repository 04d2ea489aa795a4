// One ring: from the handshake until no process can write to it any more.
//
// Turns published records, and claimed slots whose owner died, into events; a slot is released,
// which is the ack that a crashing process waits for, only when its event has been handed over, or
// when there have been too many (record_limit.h): those are counted, and said in a notice. What the
// attached process itself dies of is reported all the same, once. A hostile agent can waste its own
// ring. It costs the loop a bounded amount of work a wake-up and no memory that grows.
#pragma once

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
#include "watchdog/event/event.h"
#include "watchdog/ingest/deferred.h"
#include "watchdog/ingest/process_family.h"
#include "watchdog/ingest/record_limit.h"
#include "watchdog/ingest/session_memory.h"
#include "watchdog/os/ring_memory.h"

namespace pyfault {

struct SessionSettings {
  RecordAllowance records{};
  bool all_exits = false;  // else of those that did not end cleanly only
  std::shared_ptr<AttachedProcesses> attached = std::make_shared<AttachedProcesses>();
  // For each crash or dump that is taken to be reported, if set.
  std::function<std::shared_ptr<const void>(const std::string& id)> receipt{};
};

struct Attachment {
  AttachedProcess process;
  RingMemory ring;
  std::int64_t realtime_ns = 0;  // of the hello, before the interpreter read its first source file
};

class AgentSession {
 public:
  // on_end is called once, when every process that is known to use the ring has died. It must not
  // destroy the session before it has returned to the loop.
  AgentSession(boost::asio::io_context& io, Attachment attachment,
               std::function<void(Event)> on_event, std::function<void()> on_end,
               const SessionSettings& settings = {});

  // Goes on with what another watchdog has left. Throws std::runtime_error when it is no session.
  AgentSession(boost::asio::io_context& io, KeptSession kept, std::function<void(Event)> on_event,
               std::function<void()> on_end, const SessionSettings& settings = {});
  AgentSession(const AgentSession&) = delete;
  AgentSession& operator=(const AgentSession&) = delete;

  // But for its id.
  SessionMemory memory() const;

  // The agent may count on us, and on our limit; and, where the ring will be found again, on the
  // watchdog after us.
  void take_over(bool will_be_found = true);

  // What there is to be seen now, and is there anybody left?
  void look();

  // Looks at every slot now, and says what was lost or left out since that was said last.
  void drain();

  // The process that attached, in our namespace.
  int pid() const { return family_.attached().process.pid; }

  // `pid` (in our namespace) has attached anew: by exec it left this ring.
  void forget(int pid);

  // Whether `pid` (in our namespace) is one of this ring's processes, and lives.
  bool watches(int pid) const { return family_.has(pid); }

  // How many of them live.
  std::size_t living() const { return family_.size(); }

  // Ends without a word.
  void close();

 private:
  enum class Owners { kMayLive, kAllDead };

  struct FatalCrash {
    std::string id;
    int signal = 0;
  };

  void note_death(int pid);
  void look_around();
  void look_at_children();
  bool look_at_child(std::uint32_t cell);
  bool is_over();
  void end_if_over();
  void look_at_slots(Owners owners);
  void look_at(std::uint32_t index, Owners owners);
  void take_record(std::uint32_t index, const SlotLook& slot);
  void report_record(std::uint32_t index, const SlotLook& slot, std::size_t size);
  std::optional<Event> describe(std::uint32_t index, const SlotLook& slot,
                                std::span<const std::byte> record);
  bool admit(const Crash* crash, int owner);
  bool admit(RecordLimit& limit);
  bool admit_notice();
  void report_omissions();
  void report_left_out(RecordLimit& limit);
  void note_fatal(const Crash& crash, int owner);
  void report_exit(const ProcessFamily::End& end);
  void report_replaced_handlers();
  void report_lost_children();
  void report_left_out_children();
  void report_left_out_exits();
  void report_unknown_children();
  void report_dropped();
  void report_about_attached(const std::string& message, std::uint64_t dropped_records = 0);

  ProcessFamily family_;
  RingMemory ring_;
  RingReader reader_;
  std::vector<std::int32_t> children_;  // by cell, as it was when it was looked at last
  Deferred look_again_;
  std::int64_t attached_ns_;
  std::uint32_t dropped_ = 0;
  std::uint32_t unknown_children_ = 0;
  std::uint16_t lost_seen_ = 0;  // children
  std::bitset<NSIG> replaced_;   // signals
  RecordLimit crashes_;          // a flood of dumps leaves the crash that follows its room
  RecordLimit dumps_;
  RecordLimit lost_children_;
  RecordLimit notices_;
  RecordLimit exits_;
  bool all_exits_;
  std::function<std::shared_ptr<const void>(const std::string& id)> receipt_;
  std::map<int, FatalCrash> fatal_crashes_;  // by own pid, until that has died
  bool own_death_told_ = false;
  RingStage stage_ = RingStage::kWaiting;  // while it is used
  bool ended_ = false;
  std::function<void(Event)> on_event_;
  std::function<void()> on_end_;
};

}  // namespace pyfault

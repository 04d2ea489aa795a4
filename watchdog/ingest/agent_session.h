// One ring: from the handshake until no process can write to it any more.
//
// Turns published records, and claimed slots whose owner died, into events; a slot is released,
// which is the ack that a crashing process waits for, only when its event has been handed over. A
// hostile agent can waste its own ring. It costs the loop a bounded amount of work a wake-up and no
// memory that grows.
#pragma once

#include <bitset>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "shared/handshake.h"
#include "shared/ring_reader.h"
#include "watchdog/event/event.h"
#include "watchdog/ingest/process_family.h"
#include "watchdog/ingest/readable_fd.h"
#include "watchdog/os/ring_memory.h"

namespace pyfault {

struct Attachment {
  AttachedProcess process;
  RingMemory ring;
  UniqueFd pipe;                 // read end, non-blocking
  std::int64_t realtime_ns = 0;  // of the hello, before the interpreter read its first source file
};

class AgentSession {
 public:
  // on_end is called once, when the pipe is closed and every known process has died. It must not
  // destroy the session before it has returned to the loop.
  AgentSession(boost::asio::io_context& io, Attachment attachment,
               std::function<void(Event)> on_event, std::function<void()> on_end);
  AgentSession(const AgentSession&) = delete;
  AgentSession& operator=(const AgentSession&) = delete;

  // Looks at every slot now.
  void drain();

  // `pid` (in our namespace) has attached anew: by exec it left this ring.
  void forget(int pid);

  // Whether `pid` (in our namespace) is one of this ring's processes, and lives.
  bool watches(int pid) const { return family_.has(pid); }

  // Ends without a word.
  void close();

 private:
  enum class Owners { kMayLive, kAllDead };

  void wake_up();
  void take_tokens();
  void end_if_over();
  void look_at_slots(Owners owners);
  void look_at(std::uint32_t index, Owners owners);
  void take_record(std::uint32_t index, const SlotLook& slot);
  Event describe(std::uint32_t index, const SlotLook& slot, std::span<const std::byte> record);
  void report_replaced_handler(const Token& token);
  void report_dropped();

  ProcessFamily family_;
  RingMemory ring_;
  RingReader reader_;
  std::optional<ReadableFd> pipe_;
  std::int64_t attached_ns_;
  std::uint32_t dropped_ = 0;
  std::bitset<NSIG> replaced_;  // signals
  bool ended_ = false;
  std::function<void(Event)> on_event_;
  std::function<void()> on_end_;
};

}  // namespace pyfault

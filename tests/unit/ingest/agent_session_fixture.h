// A session and the agent at the other end of it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/agent_side.h"
#include "tests/unit/enrich/waiting_child.h"
#include "tests/unit/ingest/event_log.h"
#include "watchdog/enrich/process_info.h"
#include "watchdog/ingest/agent_session.h"
#include "watchdog/ingest/notice.h"
#include "watchdog/os/clock.h"

namespace pyfault::test {

class AgentSessionTest : public testing::Test {
 protected:
  static constexpr int kForeignPid = 5;  // the agent's pid in a PID namespace of its own
  static constexpr std::uint64_t kBurst = 3;
  static constexpr std::uint64_t kSecret = 0x7465726365734d41;

  void SetUp() override { attach(process_.pid()); }

  void attach(int own_pid, const SessionSettings& settings = {}) {
    UniqueFd ring = make_ring();
    agent_.emplace(ring);
    memory_.emplace(RingFile(UniqueFd(::fcntl(ring.get(), F_DUPFD_CLOEXEC, 0))));
    SavedSession begun;
    begun.family = {
        {own_pid, geteuid(), *read_process(process_.pid())}, start_ticks(process_.pid()), true, {}};
    begun.attached_ns = realtime_now_ns();
    session_.emplace(
        log_.io, RingMemory(RingFile(std::move(ring))), std::move(begun), log_, [this] { ++ends_; },
        settings);
  }
  void wait_for_end() {
    log_.run_until([this] { return ends_ > 0; });
  }
  static RecordBuilder dump() { return RecordBuilder().fault(dump_request()).runtime().end(); }
  void poll() {
    session_->poll();
    log_.poll();
  }
  // A crash whose native stack can be unwound, if its process is looked at.
  static RecordBuilder record_with_stack(FaultSection fault = segfault(),
                                         const std::vector<ThreadSpec>& others = {}) {
    fault.registers[0] = 1;
    RecordBuilder record;
    record.fault(fault).runtime().crashed_thread({}).stack(0x1000, {kSecret});
    for (const ThreadSpec& other : others) record.thread(other, {});
    return record.end();
  }
  void attach_with_looks(NativeMode mode = NativeMode::kOn,
                         std::shared_ptr<const std::string> minidumps = nullptr) {
    looks_.emplace(log_.io, NativeSettings{mode, "/nowhere", std::move(minidumps)});
    attach(process_.pid(), {.looks = &*looks_});
  }
  const NativeStack& native() const { return *log_.crash().threads.at(0).native; }
  void attach_with_limit() { attach(process_.pid(), {{kBurst, std::chrono::hours(1), 1}}); }
  void publish_many(std::uint64_t count, const RecordBuilder& record = whole_record()) {
    while (count-- > 0) {
      agent_->publish(process_.pid(), record);
      poll();
    }
  }
  // Uses up the limit on notices, then loses seven more records.
  void lose_seven_after_the_limit() {
    auto& dropped = ring_header(agent_->ring())->dropped_records;
    while (log_.events.size() < kBurst) {
      ++dropped;
      poll();
    }
    dropped += 7;
  }
  void put(std::uint64_t word) { agent_->slot().state = word; }

  EventLog log_;
  WaitingChild process_;
  std::optional<AgentSide> agent_;
  std::optional<RingMemory> memory_;  // another mapping, for the next watchdog
  std::optional<CrashLooks> looks_;
  std::optional<AgentSession> session_;
  int ends_ = 0;
};

}  // namespace pyfault::test

#include "agent/in_signal/crash_handler.h"

#include <sys/ucontext.h>

#include <utility>

#include "agent/in_signal/attach.h"
#include "agent/in_signal/capture_fault.h"
#include "agent/in_signal/capture_threads.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/handled_fault.h"
#include "agent/in_signal/last_words.h"
#include "agent/in_signal/sealed_state.h"
#include "agent/in_signal/signal_actions.h"
#include "agent/in_signal/switch_stack.h"
#include "agent/in_signal/system_calls.h"
#include "agent/in_signal/thread_list.h"
#include "agent/in_signal/warm_memory.h"

namespace pyfault {
namespace {

static_assert(std::atomic<int>::is_always_lock_free);

// The thread that records a crash; the first one wins, and stays if the process is to die.
constinit std::atomic<int> winner{0};
constinit std::atomic<int> dumper{0};
// False: in a forked child whose ring knows nothing of it yet.
constinit std::atomic<bool> has_joined{true};
constinit SlotWriter crash_slot;
constinit std::uintptr_t resume_stack = 0;
constinit CaptureScratch crash_scratch{};
constinit CaptureScratch dump_scratch{};

const AgentState& agent() {
  return sealed_state.agent;
}

struct CrashCall {
  const siginfo_t& info;
  const ucontext_t& context;
};

void write_record(SlotWriter& slot, CaptureScratch& scratch, const Fault& fault,
                  const Identity& self) {
  capture_fault(slot, fault, self);
  scratch.clear();
  Capture capture{agent().python, slot, scratch};
  ThreadState own;
  const bool known = self.tid != 0 && find_thread_of(agent().python, self, own);
  const bool fatal = fault.kind == RecordKind::kCrash && is_bound_to_die(fault.info->si_signo);
  capture_runtime(capture, self, own.interpreter, fatal);
  capture_last_words(capture, fault, self, agent().libc_message);
  capture_threads(capture, known ? &own : nullptr, self);
}

void publish_and_wait(SlotWriter& slot) {
  const PublishedSlot published = slot.publish();
  const Bell bell(agent().watchdog);
  if (bell.ring(agent().watchdog)) wait_for_ack(agent().watchdog, bell, published);
}

void join() {
  if (has_joined.exchange(true)) return;
  join_ring(agent().watchdog, own_pid());
  if (is_attached(agent().watchdog)) wake_watchdog(agent().watchdog);
}

enum class Recording { kNone, kDone, kLost };  // lost with its watchdog: to be made once more

Recording record_in_ring(const CrashCall& call) {
  Descriptor hello;
  if (!have_ring_for_crash(agent().watchdog, dumper.load() != 0, hello)) return Recording::kNone;
  const Identity self = own_identity();
  crash_slot = claim_slot(agent().watchdog, self.pid);
  if (!crash_slot) return Recording::kNone;
  const Death death = find_death(call.info, call.context, self);
  const bool is_own = death.self.tid == self.tid;
  write_record(crash_slot, crash_scratch,
               death.original
                   ? Fault{RecordKind::kCrash, &death.original.info, &death.original.registers}
                   : Fault{RecordKind::kCrash, &call.info,
                           is_own ? &call.context.uc_mcontext.gregs : nullptr},
               death.self);
  publish_and_wait(crash_slot);
  return is_lost(agent().watchdog, hello) ? Recording::kLost : Recording::kDone;
}

// Runs on the crash stack. From here on that stack is the alternate one, so that a nested fault is
// handled further down on it and not on top of the frames of the outer handler.
void record_crash(void* argument) {
  constexpr int kMostTries = 3;
  const auto& call = *static_cast<const CrashCall*>(argument);
  const stack_t stack{agent().crash_stack, 0, agent().crash_stack_size};
  sys_sigaltstack(&stack, nullptr);
  if (is_recorded(call.info, call.context)) return;
  join();
  Recording recording = Recording::kLost;
  for (int tries = 0; tries < kMostTries && recording == Recording::kLost; ++tries) {
    recording = record_in_ring(call);
  }
  const bool goes_on = !previous_action_is_default(call.info.si_signo);
  if (goes_on && recording == Recording::kDone) note_recorded(call.info, call.context);
}

// A fault of our own, outside guarded_copy(): what has been committed is all there will be. The
// slot is taken out first, so that a fault in here ends in abandoning alone.
void seal_and_abandon(ucontext_t* context) {
  SlotWriter slot = std::move(crash_slot);
  if (slot) {
    slot.cut_short(CutShort::kFaultInHandler);
    publish_and_wait(slot);
  }
  greg_t* registers = context->uc_mcontext.gregs;
  registers[REG_RSP] = static_cast<greg_t>(resume_stack);
  registers[REG_RIP] = reinterpret_cast<greg_t>(pyfault_run_on_stack_abandoned);
}

// Another thread is recording its crash; the process dies of that one. Bounded, should it not.
void park() {
  constexpr timespec kPause{0, 10'000'000};
  const std::uint32_t limit_ms = 2 * ack_timeout_ms(agent().watchdog) + 1000;
  for (std::uint32_t waited_ms = 0; waited_ms < limit_ms && winner.load() != 0; waited_ms += 10) {
    sys_nanosleep(&kPause);
  }
}

bool resume_guarded_copy(ucontext_t* context) {
  greg_t* registers = context->uc_mcontext.gregs;
  const std::uintptr_t fixup = guarded_copy_fixup(static_cast<std::uintptr_t>(registers[REG_RIP]));
  if (fixup == 0) return false;
  registers[REG_RIP] = static_cast<greg_t>(fixup);
  return true;
}

// In a forked child: what a thread of the parent was doing in a handler at the fork does not
// concern it.
void take_memory_over() {
  agent().owner->store(sys_getpid());
  winner.store(0);
  dumper.store(0);
  crash_slot = SlotWriter();
  forget_attach_of_parent();
  forget_handled_faults();
  has_joined.store(false);
}

// A vfork child runs on its parent's memory: a crash there must not be recorded as the parent's,
// nor take the parent's place. A child that was forked past the C library has memory of its own,
// and only has not heard yet that it is one.
}  // namespace

bool is_own_process() {
  const int owning = agent().owner->load();
  if (owning == 0) take_memory_over();
  return owning == 0 || owning == own_pid();
}

namespace {

// Counted in the ring, where the last one is named.
void tell_of_lost_child(int signal) {
  if (!is_attached(agent().watchdog)) return;
  std::atomic<std::uint64_t>& word = ring_header(agent().watchdog.ring)->lost_child;
  std::uint64_t before = word.load();
  LostChild child{};
  do {
    child = {static_cast<std::uint16_t>(LostChild::unpack(before).count + 1),
             static_cast<std::uint16_t>(signal), agent().owner->load()};
  } while (!word.compare_exchange_strong(before, child.pack()));
  wake_watchdog(agent().watchdog);
}

enum class Entry { kWinner, kNested, kLateComer };

// One thread records; others wait for the death that it brings. Should the process live on, because
// the previous action says so, the next one in line records its own crash.
Entry enter(int self) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    int current = 0;
    if (winner.compare_exchange_strong(current, self)) return Entry::kWinner;
    if (current == self) return Entry::kNested;
    park();
  }
  return Entry::kLateComer;
}

// Where a sandbox denies sigaltstack(), the next guarded read that faults would find the kernel
// still at the alternate stack, and its handler would begin on top of this one. So there it is gone
// on with, as far as it reaches.
std::byte* crash_stack_top() {
  constexpr std::size_t kOwnFrames = 1024;  // more than what tests/rules lets them have
  stack_t current;
  return sys_sigaltstack(nullptr, &current) == 0
             ? agent().crash_stack + agent().crash_stack_size
             : static_cast<std::byte*>(__builtin_frame_address(0)) - kOwnFrames;
}

void record_on_crash_stack(const siginfo_t& info, const ucontext_t& context) {
  const GuardScope guard;
  CrashCall call{info, context};
  pyfault_run_on_stack(&record_crash, &call, crash_stack_top(), &resume_stack);
}

// Little of this may live on the program's alternate stack, which can be as small as the kernel
// allows: the work is done on the crash stack.
void on_signal(int signal, siginfo_t* info, void* context) {
  auto* registers = static_cast<ucontext_t*>(context);
  const bool fault = is_hardware_fault(*info);
  if (fault && resume_guarded_copy(registers)) return;
  const int self = own_tid();
  if (fault && winner.load() == 0 && dumper.load() != self &&
      called_by_kernel(__builtin_return_address(0)) && return_to_program(signal, info, context)) {
    return;
  }
  if (is_own_process()) {
    const Entry entry = enter(self);
    // A signal that somebody sends meanwhile changes nothing: this thread is dying already.
    if (entry == Entry::kNested && !fault) return;
    if (entry == Entry::kNested && resume_stack != 0) {
      seal_and_abandon(registers);
      return;
    }
    if (entry == Entry::kWinner) {
      record_on_crash_stack(*info, *registers);
      if (!previous_action_is_default(signal)) winner.store(0);
    }
  } else if (previous_action_is_default(signal)) {
    tell_of_lost_child(signal);
  }
  let_previous_action_run(*info, *registers);
}

// On the stack that it interrupts, like a call of pyfault_dump(): tests/rules knows how little of
// it that takes.
void on_dump_signal(int, siginfo_t*, void*) {
  record_dump();
}

void warm_up(CaptureScratch& scratch) {
  scratch.codes.warm_up();
  scratch.places.warm_up();
  touch_pages(scratch.frames, sizeof scratch.frames);
}

// Has the memory that a crash with few threads will need. A forked child has its parent's, but has
// it to copy and to map. Most programs crash once and alone, so one slot is enough.
void warm_up() {
  constexpr std::size_t kUsed = std::size_t{16} << 10;
  warm_up(crash_scratch);
  touch_pages(&winner, sizeof winner);
  touch_pages(&crash_slot, sizeof crash_slot);
  touch_pages(&resume_stack, sizeof resume_stack);
  touch_pages(agent().crash_stack + (agent().crash_stack_size - kUsed), kUsed);
  populate_signal_stack();
  populate(reinterpret_cast<std::uintptr_t>(agent().watchdog.ring),
           kRingHeaderSize + kSlotKeptBytes);
}

// Another dump is short: worth waiting for, within limits.
bool begin_dump(int self) {
  constexpr timespec kPause{0, 1'000'000};
  for (int attempt = 0; attempt < 1000; ++attempt) {
    int current = 0;
    if (dumper.compare_exchange_strong(current, self)) return true;
    if (current == self) return false;  // called from a handler that interrupted a dump
    sys_nanosleep(&kPause);
  }
  return false;
}

}  // namespace

void arm(const AgentState& state) {
  sealed_state.agent = state;
  sealed_state.armed = true;
  agent().owner->store(sys_getpid());
  warm_up();
  warm_up(dump_scratch);
  install_actions(&on_signal);
  install_request_action(agent().watchdog.dump_signal, &on_dump_signal);
  seal_state();
}

void forget_parent() {
  if (!sealed_state.armed) return;
  take_memory_over();
  join();
  warm_up();
}

// A vfork child has its parent's memory, and no place of its own.
bool leave_family() {
  return sealed_state.armed && is_own_process() && is_attached(agent().watchdog) &&
         leave_ring(agent().watchdog, own_pid());
}

void join_family() {
  join_ring(agent().watchdog, own_pid());
}

void make_sure_of_watchdog() {
  if (sealed_state.armed) make_sure_of_ring(agent().watchdog);
}

void note_new_action(int signal, const void* handler) {
  static constinit std::atomic<KernelSignalSet> told{0};
  const auto is = [handler](auto other) { return handler == reinterpret_cast<const void*>(other); };
  const WatchdogLink& link = agent().watchdog;
  if (!is_ours(signal) || is(sealed_state.handler) || is(SIG_DFL)) return;
  const KernelSignalSet bit = signal_bit(signal);
  if (is(SIG_IGN) && (bit & kFaults) == 0) return;
  if ((told.fetch_or(bit) & bit) != 0 || !is_attached(link) || own_pid() != link.hello.pid) return;
  ring_header(link.ring)->replaced_handlers.fetch_or(bit);
  wake_watchdog(link);
}

bool record_dump(const siginfo_t* request) {
  if (!sealed_state.armed || winner.load() != 0) return false;
  make_sure_of_ring(agent().watchdog);
  const Bell bell(agent().watchdog);
  if (!is_attached(agent().watchdog) || !bell) return false;
  const Identity self = own_identity();
  if (!begin_dump(self.tid)) return false;
  SlotWriter slot = SlotWriter::claim(agent().watchdog.ring, self.pid);
  bool recorded = false;
  if (slot) {
    const GuardScope guard;
    write_record(slot, dump_scratch, {RecordKind::kDump, request, nullptr}, self);
    slot.publish();
    recorded = bell.ring(agent().watchdog);
  }
  dumper.store(0);
  return recorded;
}

}  // namespace pyfault

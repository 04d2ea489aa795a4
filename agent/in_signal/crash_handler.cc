#include "agent/in_signal/crash_handler.h"

#include <sys/ucontext.h>

#include <utility>

#include "agent/arch/processor.h"
#include "agent/in_signal/attach.h"
#include "agent/in_signal/capture_fault.h"
#include "agent/in_signal/capture_threads.h"
#include "agent/in_signal/guard.h"
#include "agent/in_signal/guarded_copy.h"
#include "agent/in_signal/handled_fault.h"
#include "agent/in_signal/last_words.h"
#include "agent/in_signal/own_context.h"
#include "agent/in_signal/sealed_state.h"
#include "agent/in_signal/signal_actions.h"
#include "agent/in_signal/switch_stack.h"
#include "agent/in_signal/system_calls.h"
#include "agent/in_signal/thread_list.h"
#include "agent/in_signal/warm_memory.h"

namespace pyfault {
namespace {

static_assert(std::atomic<int>::is_always_lock_free);

// The thread that records a crash, the first to crash; 0: none. Stays set if the process is to die.
constinit std::atomic<int> crashing_tid{0};
constinit std::atomic<bool> recording{true};
constinit std::atomic<int> dumping_tid{0};  // the thread that records a dump; 0: none
// False in a forked child that has not entered itself in the ring yet.
constinit std::atomic<bool> has_joined{true};
constinit SlotWriter crash_slot;
constinit std::uintptr_t resume_stack = 0;
constinit GuardPlan crash_plan;
constinit CaptureScratch crash_scratch{};
constinit CaptureScratch dump_scratch{};

const AgentState& agent() {
  return sealed_state.agent;
}

struct CrashCall {
  const siginfo_t& info;
  const ucontext_t& context;
  bool becomes_exception = false;
  ReportId report{};
};

bool wants_native_stacks() {
  const std::atomic<std::uint32_t>& off = ring_header(agent().watchdog.ring)->native_off;
  return off.load(std::memory_order_relaxed) != 1;
}

void write_record(SlotWriter& slot, CaptureScratch& scratch, const Fault& fault,
                  const ThreadIdentity& self, const GuardPlan& plan) {
  capture_fault(slot, fault, self);
  scratch.clear();
  Capture capture{agent().python, slot, scratch};
  ThreadState own;
  const bool known = self.tid != 0 && find_thread_of(agent().python, self, own);
  const bool fatal =
      fault.kind == RecordKind::kCrash && !plan.lands() && is_bound_to_die(fault.info->si_signo);
  capture_runtime(capture, self, own.interpreter, fatal);
  capture_last_words(capture, fault, self, agent().libc_message);
  append_guard(slot, plan);
  capture_threads(capture, known ? &own : nullptr, self,
                  wants_native_stacks() ? fault.registers : nullptr);
}

ReportId publish_and_wait(SlotWriter& slot) {
  const PublishedSlot published = slot.publish();
  const Bell bell(agent().watchdog);
  if (bell.ring(agent().watchdog)) wait_for_ack(agent().watchdog, bell, published);
  return read_report_id(published);
}

void join() {
  if (has_joined.exchange(true)) return;
  join_ring(agent().watchdog, own_pid());
  if (is_attached(agent().watchdog)) wake_watchdog(agent().watchdog);
}

enum class Recording { kNone, kDone, kLost };  // kLost: lost with its watchdog, to be repeated

Recording record_in_ring(CrashCall& call) {
  Descriptor hello;
  if (!prepare_ring_for_crash(agent().watchdog, dumping_tid.load() != 0, hello)) {
    return Recording::kNone;
  }
  const ThreadIdentity self = own_identity();
  crash_slot = claim_slot(agent().watchdog, self.pid);
  if (!crash_slot) return Recording::kNone;
  const Death death = find_death(call.info, call.context, self);
  const bool is_own = death.self.tid == self.tid;
  write_record(crash_slot, crash_scratch,
               death.original
                   ? Fault{RecordKind::kCrash, &death.original.info, &death.original.registers}
                   : Fault{RecordKind::kCrash, &call.info,
                           is_own ? &registers_of(call.context.uc_mcontext) : nullptr},
               death.self, crash_plan);
  call.report = publish_and_wait(crash_slot);
  return give_up_if_lost(agent().watchdog, hello) ? Recording::kLost : Recording::kDone;
}

// A handler of the program, such as faulthandler's, may have been called first, and have sent the
// signal again. The exception is then made where the fault was, and that handler does not return.
void plan_outcome(const CrashCall& call) {
  const ThreadIdentity self = own_identity();
  const Death death = find_death(call.info, call.context, self);
  const bool is_repeated = death.original && death.self.tid == self.tid;
  crash_plan = {};
  plan_exception(agent(), is_repeated ? death.original.info : call.info,
                 is_repeated ? death.original.registers : registers_of(call.context.uc_mcontext),
                 self, crash_plan);
}

// Runs on the crash stack and makes it the alternate signal stack, so that a nested fault is
// handled further down on it and does not overwrite the frames of the outer handler.
void record_crash(void* argument) {
  constexpr int kMaxTries = 3;
  auto& call = *static_cast<CrashCall*>(argument);
  const stack_t stack{agent().crash_stack, 0, agent().crash_stack_size};
  sys_sigaltstack(&stack, nullptr);
  if (is_recorded(call.info, call.context)) return;
  join();
  plan_outcome(call);
  Recording result = Recording::kLost;
  for (int tries = 0; tries < kMaxTries && result == Recording::kLost; ++tries) {
    result = record_in_ring(call);
  }
  call.becomes_exception = crash_plan.lands();
  if (call.becomes_exception) return;
  const bool goes_on = !previous_action_is_default(call.info.si_signo);
  if (goes_on && result == Recording::kDone) note_recorded(call.info, call.context);
}

// Handles a fault in the agent's own code outside guarded_copy(): publishes what has been committed
// and abandons the rest. The slot is moved out first, so a fault in this function only abandons.
void seal_and_abandon(ucontext_t* context) {
  SlotWriter slot = std::move(crash_slot);
  if (slot) {
    slot.cut_short(CutShort::kFaultInHandler);
    publish_and_wait(slot);
  }
  set_stack_pointer(context->uc_mcontext, resume_stack);
  set_program_counter(context->uc_mcontext,
                      reinterpret_cast<std::uintptr_t>(pyfault_run_on_stack_abandoned));
}

// Waits while another thread records the crash of which the process will die; bounded in case it
// does not.
void wait_for_crashing_thread() {
  constexpr timespec kPause{0, 10'000'000};
  const std::uint32_t limit_ms = 2 * ack_timeout_ms(agent().watchdog) + 1000;
  for (std::uint32_t waited_ms = 0; waited_ms < limit_ms && crashing_tid.load() != 0;
       waited_ms += 10) {
    sys_nanosleep(&kPause);
  }
}

bool resume_guarded_copy(ucontext_t* context) {
  mcontext_t& machine = context->uc_mcontext;
  const std::uintptr_t fixup = guarded_copy_fixup(program_counter(registers_of(machine)));
  if (fixup == 0) return false;
  set_program_counter(machine, fixup);
  return true;
}

// In a forked child: resets the state that handlers in threads of the parent may have left.
void take_memory_over() {
  agent().owner->store(sys_getpid());
  crashing_tid.store(0);
  dumping_tid.store(0);
  crash_slot = SlotWriter();
  forget_attach_of_parent();
  forget_handled_faults();
  has_joined.store(false);
  continue_context_of_parent(agent().watchdog, sys_getpid());
}

}  // namespace

// A crash in a vfork child, which runs on its parent's memory, must neither be recorded as the
// parent's nor occupy `crashing_tid`. A child that was forked without the C library has memory of
// its own; it recognises itself by the wiped owner.
bool is_own_process() {
  const int owning = agent().owner->load();
  if (owning == 0) take_memory_over();
  return owning == 0 || owning == own_pid();
}

namespace {

// The ring counts the lost children and describes the last one.
void report_lost_child(int signal) {
  if (!is_attached(agent().watchdog)) return;
  std::atomic<std::uint64_t>& word = ring_header(agent().watchdog.ring)->lost_child;
  std::uint64_t before = word.load();
  LostVforkChild child{};
  do {
    child = {static_cast<std::uint16_t>(LostVforkChild::unpack(before).count + 1),
             static_cast<std::uint16_t>(signal), agent().owner->load()};
  } while (!word.compare_exchange_strong(before, child.pack()));
  wake_watchdog(agent().watchdog);
}

enum class Entry { kFirst, kNested, kAlreadyCrashing };

// One thread records while the others wait for the process to die. If the previous action lets the
// process live, the next waiting thread records its own crash.
Entry enter(int self) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    int current = 0;
    if (crashing_tid.compare_exchange_strong(current, self)) return Entry::kFirst;
    if (current == self) return Entry::kNested;
    wait_for_crashing_thread();
  }
  return Entry::kAlreadyCrashing;
}

// If a sandbox denies sigaltstack(), the kernel keeps the program's alternate stack, and the
// handler for the next guarded read that faults would start at its top, over the frames of this
// one. In that case the record is made on the current stack, as far as that reaches.
std::byte* crash_stack_top() {
  constexpr std::size_t kOwnFrames = 1024;  // more than tests/rules/stack_budget.py allows
  stack_t current;
  return sys_sigaltstack(nullptr, &current) == 0
             ? agent().crash_stack + agent().crash_stack_size
             : static_cast<std::byte*>(__builtin_frame_address(0)) - kOwnFrames;
}

// Returns whether the fault has become an exception, in which the context now continues.
bool record_on_crash_stack(const siginfo_t& info, ucontext_t& context) {
  const GuardScope guard;
  CrashCall call{info, context};
  pyfault_run_on_stack(&record_crash, &call, crash_stack_top(), &resume_stack);
  if (call.becomes_exception) {
    forget_handled_faults();
    land(context, crash_plan, call.report);
  }
  return call.becomes_exception;
}

// Uses little of the program's alternate stack, which may be as small as the kernel allows; the
// work is done on the crash stack.
void on_signal(int signal, siginfo_t* info, void* context) {
  auto* registers = static_cast<ucontext_t*>(context);
  const bool fault = is_hardware_fault(*info);
  if (fault && resume_guarded_copy(registers)) return;
  const int self = own_tid();
  // If not, a handler of the program that chains to this one has called it.
  const bool by_kernel = is_called_by_kernel(__builtin_return_address(0));
  if (fault && by_kernel && crashing_tid.load() == 0 && dumping_tid.load() != self &&
      return_to_program(signal, info, context)) {
    return;
  }
  if (is_recording() && is_own_process()) {
    const Entry entry = enter(self);
    // A signal that is sent meanwhile changes nothing: this thread is already recording its crash.
    if (entry == Entry::kNested && !fault) return;
    if (entry == Entry::kNested && resume_stack != 0) {
      seal_and_abandon(registers);
      return;
    }
    if (entry == Entry::kFirst) {
      if (record_on_crash_stack(*info, *registers)) {
        crashing_tid.store(0);
        return;
      }
      if (!previous_action_is_default(signal)) crashing_tid.store(0);
    }
  } else if (is_recording() && previous_action_is_default(signal)) {
    report_lost_child(signal);
  }
  resume_previous_action(*info, *registers);
}

// Runs on the interrupted stack, like a call of pyfault_dump(); tests/rules/stack_budget.py limits
// how much of it that takes.
void on_dump_signal(int, siginfo_t*, void* context) {
  record_dump(nullptr, registers_of(static_cast<const ucontext_t*>(context)->uc_mcontext));
}

void warm_up(CaptureScratch& scratch) {
  scratch.codes.warm_up();
  scratch.places.warm_up();
  touch_pages(scratch.frames, sizeof scratch.frames);
}

// Allocates the memory that a crash with few threads will need. A forked child has its parent's
// pages, but has yet to copy or map them. Most crashes come one at a time, so one slot is enough.
void warm_up() {
  constexpr std::size_t kUsed = std::size_t{16} << 10;
  warm_up(crash_scratch);
  touch_pages(&crash_scratch.anchors, sizeof crash_scratch.anchors);
  touch_pages(&crashing_tid, sizeof crashing_tid);
  touch_pages(&crash_slot, sizeof crash_slot);
  touch_pages(&resume_stack, sizeof resume_stack);
  touch_pages(agent().crash_stack + (agent().crash_stack_size - kUsed), kUsed);
  populate_signal_stack();
  populate(reinterpret_cast<std::uintptr_t>(agent().watchdog.ring),
           kRingHeaderSize + kSlotKeptBytes);
}

// The program goes on, so it waits far less than one that crashes.
constexpr std::uint32_t kMaxWaitAfterDumpMs = 500;

// Whether a watchdog has taken the ring, and reads native stacks of this process while it waits.
bool is_looked_at() {
  const RingStage stage = ring_header(agent().watchdog.ring)->stage.load();
  return wants_native_stacks() && (stage == RingStage::kTaken || stage == RingStage::kHeard);
}

// Waits for another dump, which is short, for at most about a second.
bool begin_dump(int self) {
  constexpr timespec kPause{0, 1'000'000};
  for (int attempt = 0; attempt < 1000; ++attempt) {
    int current = 0;
    if (dumping_tid.compare_exchange_strong(current, self)) return true;
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

bool set_recording(bool wanted) {
  return recording.exchange(wanted);
}

bool is_recording() {
  return recording.load();
}

void forget_parent() {
  if (!sealed_state.armed) return;
  take_memory_over();
  join();
  warm_up();
}

// A vfork child runs on its parent's memory and has no entry of its own.
bool leave_ring_before_exec() {
  if (!sealed_state.armed || !is_own_process() || !is_attached(agent().watchdog)) return false;
  give_context_back(own_pid());
  leave_ring(agent().watchdog, own_pid());
  return true;
}

void return_to_ring() {
  return_to_ring(agent().watchdog, own_pid());
  take_context_back(own_pid());
}

ContextWriter* context_writer() {
  if (!sealed_state.armed) return nullptr;
  if (agent().owner->load(std::memory_order_relaxed) == 0) take_memory_over();
  if (!has_ring()) attach(agent().watchdog);
  if (!has_ring()) return nullptr;
  ContextWriter& writer =
      own_context(agent().watchdog, agent().owner->load(std::memory_order_relaxed));
  return writer ? &writer : nullptr;
}

void ensure_attached() {
  if (sealed_state.armed) ensure_ring(agent().watchdog);
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

bool record_dump(const siginfo_t* request, const Registers& registers) {
  if (!sealed_state.armed || !is_recording() || crashing_tid.load() != 0) return false;
  ensure_ring(agent().watchdog);
  const Bell bell(agent().watchdog);
  if (!is_attached(agent().watchdog) || !bell) return false;
  const ThreadIdentity self = own_identity();
  if (!begin_dump(self.tid)) return false;
  SlotWriter slot = SlotWriter::claim(agent().watchdog.ring, self.pid);
  PublishedSlot published{};
  bool recorded = false;
  if (slot) {
    const GuardScope guard;
    write_record(slot, dump_scratch, {RecordKind::kDump, request, &registers}, self, GuardPlan{});
    published = slot.publish();
    recorded = bell.ring(agent().watchdog);
  }
  dumping_tid.store(0);
  if (recorded && is_looked_at()) {
    wait_for_ack(agent().watchdog, bell, published, kMaxWaitAfterDumpMs);
  }
  return recorded;
}

}  // namespace pyfault

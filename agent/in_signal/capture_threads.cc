#include "agent/in_signal/capture_threads.h"

#include "agent/in_signal/anchor_finder.h"
#include "agent/in_signal/asyncio_task.h"
#include "agent/in_signal/frame_collector.h"
#include "agent/in_signal/native_stack.h"
#include "agent/in_signal/python_string.h"
#include "agent/in_signal/system_calls.h"
#include "agent/in_signal/thread_name.h"

namespace pyfault {
namespace {

// Appends nothing if there is no task. Returns false if the slot is full.
bool append_task(Capture& capture, const ThreadState& state, std::uintptr_t task) {
  const TaskName name = find_task_name(capture.python, task);
  if (name.number == 0 && name.text.unit_size == 0) return true;
  const TaskSection section{{SectionTag::kTask, kSectionVersion, 0}, state.ident, name.number};
  return capture.slot.begin_section(&section, sizeof section) &&
         append_string(capture, name.text) && capture.slot.end_section();
}

bool append_thread(Capture& capture, const ThreadState& state, std::uint32_t flags,
                   AnchorFinder* anchors = nullptr) {
  FrameCollector frames(capture, anchors);
  const std::uint32_t count = frames.collect(state.frame, state.cframe, state.address);
  const ThreadSection section{{SectionTag::kThread, kSectionVersion, 0},
                              state.ident,
                              state.interpreter_id,
                              state.tid,
                              flags,
                              state.position,
                              count};
  SlotWriter& slot = capture.slot;
  if (!capture.slot_full && slot.begin_section(&section, sizeof section) &&
      slot.append(capture.scratch.frames, count * sizeof(FrameEntry)) &&
      append_string(capture, find_thread_name(capture.python, frames.outermost())) &&
      slot.end_section() &&
      append_task(capture, state, state.task != 0 ? state.task : frames.callback_task())) {
    slot.commit();
    return true;
  }
  capture.slot_full = true;
  slot.rollback();
  return false;
}

ThreadState unknown_to_python(const ThreadIdentity& self) {
  ThreadState state;
  state.ident = self.thread_pointer;
  return state;
}

bool append_faulting_thread(Capture& capture, const ThreadState& state, const ThreadIdentity& self,
                            const Registers* registers) {
  if (registers == nullptr) return append_thread(capture, state, kThreadCrashed);
  AnchorFinder anchors(capture.python, state, capture.scratch.anchors);
  const bool appended = append_thread(capture, state, kThreadCrashed, &anchors);
  if (!appended) capture.scratch.anchors.clear();  // they place frames that are not in the record
  capture_native_stack(capture, *registers, self.thread_pointer);
  return appended;
}

// The watchdog reads the native stack itself. Anchors are worth less than the sections of threads
// that are still to come, so they are left out once the slot is half full.
bool append_other_thread(Capture& capture, const ThreadState& state, bool with_anchors) {
  if (!with_anchors) return append_thread(capture, state, 0);
  AnchorFinder anchors(capture.python, state, capture.scratch.anchors);
  if (!append_thread(capture, state, 0, &anchors)) return false;
  if (capture.slot.room() > kSlotPayload / 2) append_anchors(capture);
  return true;
}

}  // namespace

void capture_threads(Capture& capture, const ThreadState* own, const ThreadIdentity& self,
                     const Registers* registers) {
  ThreadState faulting = own != nullptr ? *own : unknown_to_python(self);
  faulting.tid = self.tid;  // CPython's own value is stale after a raw fork
  EndSection end{{SectionTag::kEnd, kSectionVersion, sizeof end}, 0, 0};
  if (self.tid != 0 && !append_faulting_thread(capture, faulting, self, registers)) {
    ++end.threads_omitted;
  }

  ThreadList threads(capture.python);
  std::uint32_t with_anchors = registers != nullptr ? kMaxOtherStacks : 0;
  for (ThreadState state; threads.next(state);) {
    if (state.address == faulting.address) continue;
    const bool has_anchors = with_anchors > 0;
    if (has_anchors) --with_anchors;
    if (capture.slot_full || !append_other_thread(capture, state, has_anchors)) {
      ++end.threads_omitted;
    }
  }
  if (capture.slot_full) capture.slot.cut_short(CutShort::kSlotFull);
  capture.slot.append_end(end);
}

}  // namespace pyfault

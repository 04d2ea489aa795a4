// How this process shares the processors with those that it watches.
#pragma once

namespace pyfault {

// From here on a wake-up of this thread, and of those that it starts, takes the processor from
// nobody (SCHED_BATCH; sched(7)): a program that rings for the watchdog in the middle of its work
// goes on with that work, and the watchdog comes on another processor or when this one is free.
// Its share is as large as before. Does nothing where somebody has chosen another policy than the
// usual one, or where it is refused.
void give_way();

// In a child, before it becomes its program: undoes give_way(), which children inherit. It only
// makes a system call.
void restore_scheduling();

}  // namespace pyfault

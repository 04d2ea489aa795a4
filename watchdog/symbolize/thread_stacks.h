// Reads the native stacks of threads of a living process, without stopping or signalling them:
// /proc/PID/task/TID/syscall has the program counter and the stack pointer of a thread that waits
// in the kernel, as most do, and process_vm_readv() reads its memory.
//
// Whoever may attach a debugger to the process may do so, and it is noticed by nobody. A thread
// that goes on while its stack is read is read again, and in the end left out.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/crash/memory_map.h"
#include "watchdog/symbolize/captured_stack.h"

namespace pyfault {

// Of each stack, this much of its innermost end.
inline constexpr std::size_t kMaxThreadStackBytes = std::size_t{64} << 10;

// A thread, as the process's own record names it.
struct ThreadToRead {
  std::optional<int> tid;  // in the process's own pid namespace
  std::uint64_t ident = 0;
  std::vector<Anchor> anchors;  // of its Python frames
  // It is the thread that has written the record, in another interpreter, and waits for its ack.
  bool is_writer = false;
};

struct ThreadReading {
  CapturedStack stack;  // of its registers only rip and rsp are known
  std::string why_not;  // a phrase; empty: there is a stack
};

struct LivingProcess {
  int directory = -1;  // /proc/PID
  int pid = 0;
  int own_pid = 0;  // in its own pid namespace
};

// Returns what there is of each thread. No thread is begun after the deadline. `on_read` is called
// with each stack when it has been read.
std::vector<ThreadReading> read_thread_stacks(
    const LivingProcess& process, const MemoryMap& map, const std::vector<ThreadToRead>& threads,
    std::chrono::steady_clock::time_point deadline,
    const std::function<void(const CapturedStack&)>& on_read);

}  // namespace pyfault

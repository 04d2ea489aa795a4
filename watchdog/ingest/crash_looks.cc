#include "watchdog/ingest/crash_looks.h"

#include <unistd.h>

#include <optional>

#include "watchdog/symbolize/read_stacks.h"

namespace pyfault {

bool CrashLooks::begin(int pid, std::shared_ptr<const CapturedStack> stack, Then then) {
  if (under_way_ >= kMaxUnderWay) return false;
  auto snapshot = std::make_shared<std::optional<ProcessSnapshot>>();
  const bool begun = background().begin(
      [pid, stack = std::move(stack), snapshot] { *snapshot = take_snapshot(pid, *stack); },
      [this, snapshot, then = std::move(then)](bool done) {
        --under_way_;
        const bool is_known = done && *snapshot;
        then(is_known ? std::make_shared<ProcessSnapshot>(std::move(**snapshot)) : nullptr);
      });
  if (begun) ++under_way_;
  return begun;
}

// A forked copy of the watchdog has none of its threads, so it does not touch those it inherits.
Background& CrashLooks::background() {
  if (process_ != ::getpid()) {
    static_cast<void>(background_.release());
    background_ = std::make_unique<Background>(io_, kPatience);
    under_way_ = 0;
    process_ = ::getpid();
  }
  return *background_;
}

StackReader CrashLooks::stack_reader(std::shared_ptr<const CapturedStack> stack,
                                     std::shared_ptr<ProcessSnapshot> snapshot) const {
  return [stack = std::move(stack), snapshot = std::move(snapshot),
          symbolizer = settings_.symbolizer](const Crash& crash) {
    return read_stacks(crash, *stack, std::move(*snapshot), symbolizer);
  };
}

}  // namespace pyfault

#include "watchdog/ingest/crash_looks.h"

#include <unistd.h>

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "watchdog/minidump/minidump.h"
#include "watchdog/minidump/minidump_store.h"
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
    ProcessSnapshot own{snapshot->map, std::move(snapshot->modules), snapshot->same_root};
    return read_stacks(crash, *stack, std::move(own), symbolizer);
  };
}

// Of a crash whose report is abridged, there is an earlier one.
MinidumpWriter CrashLooks::minidump_writer(int pid, std::shared_ptr<const CapturedStack> stack,
                                           std::shared_ptr<const ProcessSnapshot> snapshot) const {
  if (!settings_.minidumps || settings_.minidumps->empty()) return nullptr;
  return [pid, stack = std::move(stack), snapshot = std::move(snapshot),
          directory = *settings_.minidumps](const Crash& crash,
                                            const std::vector<Module>& modules) {
    if (crash.threads.empty()) return MinidumpResult{};
    const std::string name = minidump_name(crash.realtime_ns, pid, crash.id);
    const ThreadInMinidump thread{crash.tid > 0 ? crash.tid : pid, stack.get()};
    std::vector<std::byte> minidump =
        write_minidump({crash, pid, {&thread, 1}, snapshot->map, modules, snapshot->environment});
    std::string trouble = store_minidump(directory, name, minidump);
    wipe(minidump);
    return trouble.empty() ? MinidumpResult{directory + '/' + name, ""}
                           : MinidumpResult{"", std::move(trouble)};
  };
}

}  // namespace pyfault

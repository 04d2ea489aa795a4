#include "watchdog/ingest/crash_looks.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "watchdog/minidump/minidump.h"
#include "watchdog/minidump/minidump_store.h"
#include "watchdog/symbolize/read_stacks.h"

namespace pyfault {
namespace {

// The faulting thread, and those others of which there are a number and a stack.
std::vector<ThreadInMinidump> threads_for_minidump(const Crash& crash, int pid,
                                                   const RecordedStacks& stacks,
                                                   const ProcessSnapshot& snapshot) {
  std::vector<ThreadInMinidump> threads = {{crash.tid > 0 ? crash.tid : pid, &stacks.first}};
  const std::size_t others = std::min(snapshot.others.size(), crash.threads.size() - 1);
  for (std::size_t index = 0; index < others; ++index) {
    const ThreadReading& other = snapshot.others[index];
    const auto tid = crash.threads[index + 1].tid;
    if (tid && other.why_not.empty()) threads.push_back({*tid, &other.stack, true});
  }
  return threads;
}

}  // namespace

bool CrashLooks::begin(int pid, std::shared_ptr<const RecordedStacks> stacks, Then then) {
  Background& helper = background();
  if (under_way_ >= kMaxUnderWay) return false;
  auto snapshot = std::make_shared<std::optional<ProcessSnapshot>>();
  const bool begun = helper.begin(
      [pid, stacks = std::move(stacks), snapshot] {
        const auto deadline = std::chrono::steady_clock::now() + kTimeForThreads;
        *snapshot = take_snapshot(pid, *stacks, deadline);
      },
      [this, process = process_, snapshot, then = std::move(then)](bool done) {
        if (process != process_) return;  // begun before a fork
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

StackReader CrashLooks::stack_reader(std::shared_ptr<const RecordedStacks> stacks,
                                     std::shared_ptr<ProcessSnapshot> snapshot) const {
  return [stacks = std::move(stacks), snapshot = std::move(snapshot),
          symbolizer = settings_.symbolizer, downloads = settings_.downloads](const Crash& crash) {
    const std::string fetched = downloads ? downloads->directory() : std::string();
    NativeStacks result = read_stacks(crash, stacks->first, *snapshot, symbolizer, fetched);
    if (downloads) downloads->fetch(std::exchange(result.missing_debug_files, {}));
    return result;
  };
}

// Of a crash whose report is abridged, there is an earlier one.
MinidumpWriter CrashLooks::minidump_writer(int pid, std::shared_ptr<const RecordedStacks> stacks,
                                           std::shared_ptr<const ProcessSnapshot> snapshot) const {
  if (!settings_.minidumps || settings_.minidumps->empty()) return nullptr;
  return
      [pid, stacks = std::move(stacks), snapshot = std::move(snapshot),
       directory = *settings_.minidumps](const Crash& crash, const std::vector<Module>& modules) {
        if (crash.threads.empty()) return MinidumpResult{};
        const std::string name = minidump_name(crash.realtime_ns, pid, crash.id);
        const auto threads = threads_for_minidump(crash, pid, *stacks, *snapshot);
        std::vector<std::byte> minidump =
            write_minidump({crash, pid, threads, snapshot->map, modules, snapshot->environment});
        std::string trouble = store_minidump(directory, name, minidump);
        wipe(minidump);
        return trouble.empty() ? MinidumpResult{directory + '/' + name, ""}
                               : MinidumpResult{"", std::move(trouble)};
      };
}

}  // namespace pyfault

// Looks at crashed processes while they wait for their ack: what is needed of a process to unwind
// its stack must be read while it lives, and reading it may block.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "watchdog/crash/native.h"
#include "watchdog/event/event.h"
#include "watchdog/ingest/debug_downloads.h"
#include "watchdog/loop/background.h"
#include "watchdog/symbolize/process_snapshot.h"

namespace pyfault {

struct NativeSettings {
  NativeMode mode = NativeMode::kOff;
  std::string symbolizer;  // the path of pyfault-symbolizer
  // The directory for minidumps, which may change; null or empty: none are wanted.
  std::shared_ptr<const std::string> minidumps = nullptr;
  std::shared_ptr<DebugDownloads> downloads = nullptr;  // null: no debug files are fetched
};

class CrashLooks {
 public:
  // Crashes beyond these are reported without a native stack, so that in a storm of crashes the
  // processes need not wait for each other.
  static constexpr std::size_t kMaxUnderWay = 16;
  // A look as a whole may take so long, and reading the other threads' stacks the first half of it:
  // what is late is lost, and they must not make the rest late.
  static constexpr std::chrono::milliseconds kPatience{200};
  static constexpr std::chrono::milliseconds kTimeForThreads = kPatience / 2;

  // Called from the loop. `snapshot` is null if the process could not be read in time.
  using Then = std::function<void(std::shared_ptr<ProcessSnapshot> snapshot)>;

  CrashLooks(boost::asio::io_context& io, NativeSettings settings)
      : io_(io), settings_(std::move(settings)) {}
  CrashLooks(const CrashLooks&) = delete;
  CrashLooks& operator=(const CrashLooks&) = delete;

  NativeMode mode() const { return settings_.mode; }

  // Requires a mode other than kOff. Returns false if no look is begun; then `then` is not called.
  bool begin(int pid, std::shared_ptr<const RecordedStacks> stacks, Then then);

  // Returns what unwinds the stacks later; it is to be called once.
  StackReader stack_reader(std::shared_ptr<const RecordedStacks> stacks,
                           std::shared_ptr<ProcessSnapshot> snapshot) const;

  // Returns what writes the minidump after that, or null if none is wanted.
  MinidumpWriter minidump_writer(int pid, std::shared_ptr<const RecordedStacks> stacks,
                                 std::shared_ptr<const ProcessSnapshot> snapshot) const;

 private:
  Background& background();

  boost::asio::io_context& io_;
  const NativeSettings settings_;
  std::size_t under_way_ = 0;
  std::unique_ptr<Background> background_;
  pid_t process_ = 0;  // to which background_ belongs
};

}  // namespace pyfault

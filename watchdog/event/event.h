// An event: what the watchdog reports, before it is formatted. A plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "watchdog/crash/context.h"
#include "watchdog/crash/crash.h"
#include "watchdog/crash/raised_exception.h"
#include "watchdog/event/event_kind.h"
#include "watchdog/event/unwatched.h"

namespace pyfault {

struct Process {
  int pid = 0;
  int ppid = 0;                      // 0 if unknown
  std::string name;                  // comm
  std::string executable;            // target of /proc/PID/exe; empty if unknown
  std::vector<std::string> command;  // argv, as it was started
  // The effective IDs.
  std::optional<std::uint32_t> uid = std::nullopt;
  std::optional<std::uint32_t> gid = std::nullopt;
  std::string title{};  // the title that replaced its command; empty if unchanged
  // The PID in the record, where it cannot be confirmed. `pid` is the same, unless that PID belongs
  // to another process; then `pid` is that of the process that owns the ring.
  std::optional<int> claimed_pid = std::nullopt;
};

// A signal as a member of an event. JSON shows its number and its name, other logs its name.
struct SignalNumber {
  int number = 0;
};

// The body of each kind of event. Its members() calls visit(name, value) for each member beyond
// those that all events have. Logs derive their names from that: JSON "restarts", journald
// PYFAULT_RESTARTS, syslog restarts="1". Crash and ExitEvent have more structure, which the
// formatters handle explicitly.

struct StartEvent {
  static constexpr EventKind kKind = {"start", "e076bb78812d40a68a7812301c78d913",
                                      Severity::kInformation, "started"};
};

// A worker meets the readiness condition of its configuration.
struct ReadyEvent {
  static constexpr EventKind kKind = {"ready", "0bddb76f0b524c239c4f6b61c5448ee3",
                                      Severity::kInformation, "is ready"};
  double after_seconds = 0;  // since its start

  void members(auto&& visit) const { visit("after_seconds", after_seconds); }
};

// A worker is started again; a StartEvent follows.
struct RestartEvent {
  static constexpr EventKind kKind = {"restart", "9920e802af28499aa863318fe369e074",
                                      Severity::kNotice};
  std::uint64_t restarts = 0;  // since the service started, including this one

  void members(auto&& visit) const { visit("restarts", restarts); }
};

// A worker fails repeatedly. Reported once for each crash loop.
struct CrashLoopEvent {
  static constexpr EventKind kKind = {"crash-loop", "4e71b2f591054a00bb85a146730fd9ac",
                                      Severity::kCritical, "is in a crash loop"};
  unsigned failures = 0;
  double within_seconds = 0;
  bool ever_ready = false;
  std::vector<std::string> fingerprints;  // the distinct crashes among them
  unsigned unexplained = 0;               // failures without a crash
  bool gives_up = false;                  // else it is retried after delay_seconds
  double delay_seconds = 0;

  void members(auto&& visit) const {
    visit("failures", failures);
    visit("within_seconds", within_seconds);
    visit("ever_ready", ever_ready);
    visit("fingerprints", fingerprints);
    visit("unexplained", unexplained);
    visit("decision", gives_up ? "give-up" : "restart");
    visit("delay_seconds", gives_up ? std::nullopt : std::optional(delay_seconds));
  }
};

// A crash loop has ended: the worker has stayed up for long enough.
struct RecoveredEvent {
  static constexpr EventKind kKind = {"recovered", "021b6b844cec4079843a53b3cd82f77a",
                                      Severity::kNotice, "has recovered from its crash loop"};
};

enum class ExitReason {
  kExited,
  kSignaled,
  kOomKilled,     // by the kernel, because memory ran out
  kStopped,       // as requested
  kStartTimeout,  // ended because it was not ready in time
  kStartFailed,   // the program never ran
  kUnknown,       // the wait status is not known
};

// Indexed by enumerator; as in JSON events.
inline constexpr std::array<std::string_view, 7> kExitReasonWords = {
    "exited", "signaled", "oom-killed", "stopped", "start-timeout", "start-failed", "unknown"};

constexpr std::string_view name_of(ExitReason reason) {
  return kExitReasonWords[static_cast<std::size_t>(reason)];
}

struct Ancestor {
  int pid = 0;
  std::string name;
};

// What happens next to a worker that has ended.
struct AfterExit {
  enum class Decision { kRestart, kStayDown, kGiveUp };

  Decision decision = Decision::kStayDown;
  double delay_seconds = 0;  // of a restart
  bool in_crash_loop = false;
};

struct ExitEvent {
  static constexpr EventKind kKind = {"exit", "ab04a11f399d4ff3a169e51cd22f7213",
                                      Severity::kWarning};
  std::optional<int> code;    // at most one of code and signal is set
  std::optional<int> signal;  // number
  bool core_dumped = false;
  ExitReason reason = ExitReason::kExited;
  std::string detail;  // why it could not be started, or why the cause of its end is unknown
  std::optional<std::string> crash_id;  // of the crash that ended the process
  std::optional<int> crash_signal;      // of that crash; `signal` may have killed it while dying
  bool record_left_out = false;  // its record may be among those that were not reported, or lost
  // Whether the handler of `signal` was replaced (HandlerReplacedEvent). None: it should have left
  // a record and did not, and it is not known whose handler was installed.
  std::optional<bool> handler_replaced = false;
  // Why it left no record, if it should have and the reason is known.
  std::optional<Unwatched> unwatched;
  std::optional<double> uptime_seconds;  // none if unknown
  // Resource usage; none if unknown.
  std::optional<std::int64_t> max_rss_bytes;
  std::optional<double> user_seconds;
  std::optional<double> system_seconds;
  std::optional<AfterExit> after;  // of a worker
  // The end of a descendant of the program or worker, not of that process itself.
  bool is_below = false;
  std::vector<Ancestor> parents;  // of a descendant: from its parent up to the program or worker
  std::string fingerprint;        // of the crash or exception that caused the end; empty: unknown
  Context context;                // what the process has said about itself
};

// The program has replaced our signal handler with its own: a crash is then reported only if that
// handler chains to ours. Many do (faulthandler, for example), so the text report mentions it only
// when a record is missing.
struct HandlerReplacedEvent {
  static constexpr EventKind kKind = {"handler-replaced", "152029ba48a7477dba20fd78083a0f7a",
                                      Severity::kWarning};
  int signal = 0;

  void members(auto&& visit) const { visit("signal", SignalNumber{signal}); }
};

// A crash of the process would go unnoticed.
struct UnwatchedEvent {
  static constexpr EventKind kKind = {"unwatched", "7c1f6a0de5b84d0c9a3b51e2f4d86097",
                                      Severity::kWarning};
  Unwatched why;
  bool is_below = false;  // a descendant of the program or worker, not that process itself
  std::vector<Ancestor> parents{};  // of a descendant: as in ExitEvent

  void members(auto&& visit) const { visit("reason", name_of(why.reason)); }
};

// What an operator should know about the watching itself, such as records that were dropped.
struct NoticeEvent {
  static constexpr EventKind kKind = {"notice", "4345195434804e9e8644db201083b658",
                                      Severity::kWarning};
  std::string message;
  std::uint64_t dropped_records = 0;  // since the previous notice, if it is about dropped records
};

inline constexpr EventKind kCrashKind = {"crash", "0b7471c579644772864549ebc98f5c45",
                                         Severity::kCritical};
inline constexpr EventKind kDumpKind = {"dump", "d09755b45918427cb03f53592f5497f6",
                                        Severity::kNotice};

// What a service knows about the crash of a worker or of a process below it.
struct WorkerCrash {
  std::uint64_t occurrence = 1;   // ordinal among this worker's crashes of one fingerprint, from 1
  bool abridged = false;          // threads are left out, as it was reported in full before
  std::vector<Ancestor> parents;  // from the process's parent up to the worker's process
};

// The last output of a worker whose output is captured.
struct LastOutput {
  std::string tail;         // of both streams, raw
  std::size_t omitted = 0;  // bytes of it that a log had no room for
  std::optional<RaisedException> exception =
      std::nullopt;  // at the end of stderr, if the worker has failed
};

// The source line of a frame of a crash.
struct FrameSource {
  std::size_t thread;  // index
  std::size_t frame;   // index
  std::string text;
};

// Reads the source lines of a crash. May block forever on a hung disk, so it must not be called on
// the event loop. May be called on any thread, but not concurrently.
using SourceReader = std::function<std::vector<FrameSource>(const Crash&)>;

// Unwinds and symbolizes the native stacks of a crash. As above, it takes time, but it gives up by
// itself.
using StackReader = std::function<NativeStacks(const Crash&)>;

// What has become of a minidump.
struct MinidumpResult {
  std::string path;     // empty: none was written
  std::string trouble;  // why not; empty: none was to be written
};

// Writes the minidump of a crash, given the modules whose build-ids its StackReader has found, and
// after that. As a SourceReader, it may block forever.
using MinidumpWriter =
    std::function<MinidumpResult(const Crash&, const std::vector<Module>& modules)>;

using EventBody =
    std::variant<StartEvent, Crash, ExitEvent, NoticeEvent, HandlerReplacedEvent, ReadyEvent,
                 RestartEvent, CrashLoopEvent, RecoveredEvent, UnwatchedEvent>;

struct Event {
  std::int64_t realtime_ns = 0;  // for a crash, the moment of the fault
  std::string host;
  std::optional<std::string> worker;
  Process process;
  EventBody body;
  std::optional<WorkerCrash> worker_crash = std::nullopt;  // beside a Crash
  // Beside a worker's Crash, a CrashLoopEvent, and an ExitEvent that was not requested.
  std::optional<LastOutput> last_output = std::nullopt;
  bool native_full = false;  // a text report of a Crash shows its native part unfolded
  // The parts that were shortened because the log has no room for them (format/abridge.h).
  std::vector<std::string> left_out{};
  // Beside a Crash whose source lines have not been read yet (log/event_stage.h).
  SourceReader read_sources = nullptr;
  // Beside a Crash whose native stack has not been unwound yet (log/event_stage.h).
  StackReader read_stacks = nullptr;
  // Beside read_stacks, if a minidump is wanted.
  MinidumpWriter write_minidump = nullptr;
  // Held until the event has been reported (os/ledger.h). Not part of the report.
  std::shared_ptr<const void> receipt = nullptr;
};

const EventKind& kind_of(const Event& event);

// Returns all kinds of events.
const std::vector<EventKind>& event_kinds();

}  // namespace pyfault

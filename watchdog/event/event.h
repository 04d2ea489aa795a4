// An event: what the watchdog has to say, before any formatter has seen it. A plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "watchdog/crash/crash.h"
#include "watchdog/crash/raised_exception.h"
#include "watchdog/event/event_kind.h"
#include "watchdog/event/unwatched.h"

namespace pyfault {

struct Process {
  int pid = 0;
  int ppid = 0;                      // 0 where unknown
  std::string name;                  // comm
  std::string executable;            // what /proc/PID/exe points at; empty where unknown
  std::vector<std::string> command;  // argv, as it was started
  // Effective ones.
  std::optional<std::uint32_t> uid = std::nullopt;
  std::optional<std::uint32_t> gid = std::nullopt;
  std::string title{};  // what it has put in place of its command; empty where that is the same
  // The number that its record gives, where nobody can confirm it. `pid` is that, unless that is
  // another process's: then it is that of the process whose ring it was.
  std::optional<int> claimed_pid = std::nullopt;
};

// A signal as a member of an event. JSON has its number and its name, other logs its name.
struct SignalNumber {
  int number = 0;
};

// The body of each kind of event. Its members() calls visit(name, value) for each member that the
// event has besides those that all events have; logs name them from that: JSON "restarts",
// journald PYFAULT_RESTARTS, syslog restarts="1". A Crash and an ExitEvent have more structure than
// that, and the formatters know them by themselves.

struct StartEvent {
  static constexpr EventKind kKind = {"start", "e076bb78812d40a68a7812301c78d913",
                                      Severity::kInformation, "started"};
};

// A worker meets the condition that its configuration calls ready.
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

// A worker fails again and again. Reported once for each crash loop.
struct CrashLoopEvent {
  static constexpr EventKind kKind = {"crash-loop", "4e71b2f591054a00bb85a146730fd9ac",
                                      Severity::kCritical, "is in a crash loop"};
  unsigned failures = 0;
  double within_seconds = 0;
  bool ever_ready = false;
  std::vector<std::string> fingerprints;  // the different crashes among them
  unsigned unexplained = 0;               // failures that left no crash
  bool gives_up = false;                  // else it is retried, after:
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

// A crash loop has ended: the worker has been up for long enough.
struct RecoveredEvent {
  static constexpr EventKind kKind = {"recovered", "021b6b844cec4079843a53b3cd82f77a",
                                      Severity::kNotice, "has recovered from its crash loop"};
};

inline constexpr char kOomKilled[] = "oom-killed";        // by the kernel, because memory ran out
inline constexpr char kWasStopped[] = "stopped";          // as somebody asked
inline constexpr char kStartFailed[] = "start-failed";    // there was no process
inline constexpr char kEndUnknown[] = "unknown";          // nobody could tell us how it ended
inline constexpr char kStartTimeout[] = "start-timeout";  // ended for not being ready in time

struct Ancestor {
  int pid = 0;
  std::string name;
};

// What becomes of a worker that has ended.
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
  std::string reason;  // "exited", "signaled" or one of the above
  std::string detail;  // why it could not be started, or why how it ended is unknown
  std::optional<std::string> crash_id;  // of the crash that ended the process
  std::optional<int> crash_signal;      // of that crash; `signal` may have cut its dying short
  bool record_left_out = false;         // perhaps: some of its were not reported, or lost
  // Of `signal`, see HandlerReplacedEvent. None: it should have left a record and did not, and
  // whose handler there was is not known.
  std::optional<bool> handler_replaced = false;
  // Why it left no record, where it should have and that is known.
  std::optional<Unwatched> unwatched;
  double uptime_seconds = 0;
  // None: nobody can tell.
  std::optional<std::int64_t> max_rss_bytes;
  std::optional<double> user_seconds;
  std::optional<double> system_seconds;
  std::optional<AfterExit> after;  // of a worker
  // The end of a process below the program, or below the worker, and not of that itself.
  bool is_below = false;
  std::vector<Ancestor> parents;  // of one below: from its own up to the program, or the worker
  std::string fingerprint;        // of the crash or exception that it is owed to; empty: not known
};

// The program has put a signal handler of its own in place of ours: a crash is reported only if
// that hands on to us. Many do (faulthandler for one), so people hear of it when there is no
// report.
struct HandlerReplacedEvent {
  static constexpr EventKind kKind = {"handler-replaced", "152029ba48a7477dba20fd78083a0f7a",
                                      Severity::kWarning};
  int signal = 0;

  void members(auto&& visit) const { visit("signal", SignalNumber{signal}); }
};

// A crash of the process would not be seen.
struct UnwatchedEvent {
  static constexpr EventKind kKind = {"unwatched", "7c1f6a0de5b84d0c9a3b51e2f4d86097",
                                      Severity::kWarning};
  Unwatched why;

  void members(auto&& visit) const { visit("reason", name_of(why.reason)); }
};

// What an operator should know about the watching itself, such as records that were dropped.
struct NoticeEvent {
  static constexpr EventKind kKind = {"notice", "4345195434804e9e8644db201083b658",
                                      Severity::kWarning};
  std::string message;
  std::uint64_t dropped_records = 0;  // how many more, where it is about these
};

inline constexpr EventKind kCrashKind = {"crash", "0b7471c579644772864549ebc98f5c45",
                                         Severity::kCritical};
inline constexpr EventKind kDumpKind = {"dump", "d09755b45918427cb03f53592f5497f6",
                                        Severity::kNotice};

// What a service knows about the crash of a worker or of a process below it.
struct WorkerCrash {
  std::uint64_t occurrence = 1;   // ordinal among this worker's crashes of one fingerprint, from 1
  bool abridged = false;          // the threads are left out: it was reported in full before
  std::vector<Ancestor> parents;  // from the process's own up to the worker's
};

// What a worker whose output is captured wrote last.
struct LastOutput {
  std::string tail;         // of both streams, raw
  std::size_t omitted = 0;  // bytes of it that a log had no room for
  std::optional<RaisedException> exception =
      std::nullopt;  // that stderr ends in, where the worker has failed
};

// The line of source that a frame of a crash stands at.
struct FrameSource {
  std::size_t thread;  // index
  std::size_t frame;   // index
  std::string text;
};

// Reads those of a crash. On a disk that hangs it may never come back, so it is not for the loop;
// any one thread may call it.
using SourceReader = std::function<std::vector<FrameSource>(const Crash&)>;

struct Event {
  std::int64_t realtime_ns = 0;  // for a crash, the moment of the fault
  std::string host;
  std::optional<std::string> worker;
  Process process;
  std::variant<StartEvent, Crash, ExitEvent, NoticeEvent, HandlerReplacedEvent, ReadyEvent,
               RestartEvent, CrashLoopEvent, RecoveredEvent, UnwatchedEvent>
      body;
  std::optional<WorkerCrash> worker_crash = std::nullopt;  // beside a Crash
  // Beside a worker's Crash, CrashLoopEvent, and ExitEvent that nobody has asked for.
  std::optional<LastOutput> last_output = std::nullopt;
  // Of what there is less than there was, because the log has no room in a log (format/abridge.h).
  std::vector<std::string> left_out{};
  // Beside a Crash whose lines of source have still to be read (log/event_stage.h).
  SourceReader read_sources = nullptr;
  // Kept by whoever has still to report it (os/ledger.h); not part of what there is to say.
  std::shared_ptr<const void> receipt = nullptr;
};

const EventKind& kind_of(const Event& event);

// All that there are.
const std::vector<EventKind>& event_kinds();

}  // namespace pyfault

// An event: what the watchdog has to say, before any formatter has seen it. A plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "watchdog/crash/crash.h"
#include "watchdog/crash/raised_exception.h"
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

struct StartEvent {};

// A worker has come as far as its configuration calls ready.
struct ReadyEvent {
  double after_seconds = 0;  // since its start
};

// A worker is started again; a StartEvent follows.
struct RestartEvent {
  std::uint64_t restarts = 0;  // in the life of the service, with this one
};

// A worker fails again and again: the summary, once a loop.
struct CrashLoopEvent {
  unsigned failures = 0;
  double within_seconds = 0;
  bool ever_ready = false;
  std::vector<std::string> fingerprints;  // the different crashes among them
  unsigned unexplained = 0;               // failures that left no crash
  bool gives_up = false;                  // else it is retried, after:
  double delay_seconds = 0;
};

// A crash loop has ended: the worker has been up for long enough.
struct RecoveredEvent {};

inline constexpr char kOomKilled[] = "oom-killed";        // by the kernel, for want of memory
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
  int signal = 0;
};

// Nobody would see the process crash.
struct UnwatchedEvent {
  Unwatched why;
};

// Something the operator should know about the watching itself: records that were dropped.
struct NoticeEvent {
  std::string message;
  std::uint64_t dropped_records = 0;  // how many more, where it is about these
};

// What a service knows about the crash of a worker or of a process below it.
struct WorkerCrash {
  std::uint64_t occurrence = 1;   // the how-manieth crash of its kind in this worker
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
  // Of what there is less than there was, for want of room in a log (format/abridge.h).
  std::vector<std::string> left_out{};
  // Beside a Crash whose lines of source have still to be read (log/event_stage.h).
  SourceReader read_sources = nullptr;
  // Kept by whoever has still to report it (os/ledger.h); not part of what there is to say.
  std::shared_ptr<const void> receipt = nullptr;
};

}  // namespace pyfault

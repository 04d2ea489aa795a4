// An event: what the watchdog has to say, before any formatter has seen it. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "watchdog/crash/crash.h"

namespace pyfault {

struct Process {
  int pid = 0;
  int ppid = 0;                      // 0 where unknown
  std::string name;                  // comm
  std::string executable;            // what /proc/PID/exe points at; empty where unknown
  std::vector<std::string> command;  // argv
};

struct StartEvent {};

inline constexpr char kOomKilled[] = "oom-killed";  // by the kernel, for want of memory

struct ExitEvent {
  std::optional<int> code;    // exactly one of code and signal is set
  std::optional<int> signal;  // number
  bool core_dumped = false;
  std::string reason;                   // "exited", "signaled" or kOomKilled
  std::optional<std::string> crash_id;  // of the crash that ended the process
  std::optional<int> crash_signal;      // of that crash; `signal` may have cut its dying short
  bool handler_replaced = false;        // of `signal`; see HandlerReplacedEvent
  double uptime_seconds = 0;
  std::int64_t max_rss_bytes = 0;
  double user_seconds = 0;
  double system_seconds = 0;
};

// The program has put a signal handler of its own in place of ours: a crash is reported only if
// that hands on to us. Many do (faulthandler for one), so people hear of it when there is no
// report.
struct HandlerReplacedEvent {
  int signal = 0;
};

// Something the operator should know about the watching itself: an interpreter left alone, records
// that were dropped.
struct NoticeEvent {
  std::string message;
};

struct Event {
  std::int64_t realtime_ns = 0;  // for a crash, the moment of the fault
  std::string host;
  std::optional<std::string> worker;
  Process process;
  std::variant<StartEvent, Crash, ExitEvent, NoticeEvent, HandlerReplacedEvent> body;
};

}  // namespace pyfault

#include "watchdog/doctor/probe.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>

#include "watchdog/crash/signal_names.h"
#include "watchdog/doctor/survey.h"
#include "watchdog/format/escape.h"

namespace pyfault {
namespace {

// No module has to be loaded for it up to 3.14.
constexpr std::string_view kDefineRead = R"(
try:
    from faulthandler import _read_null as read
except ImportError:
    def read():
        import ctypes
        ctypes.string_at(0)
)";

constexpr std::array<Probe, 5> kProbes = {{
    {"null pointer read in C", R"(
def read_null():
    read()
read_null()
)",
     "read_null", SIGSEGV, false},
    {"the same in a thread", R"(
import threading
def read_in_thread():
    read()
thread = threading.Thread(target=read_in_thread)
thread.start()
thread.join()
)",
     "read_in_thread", SIGSEGV, false},
    {"stack overflow in a thread", R"(
import faulthandler, threading
def overflow():
    faulthandler._stack_overflow()
threading.stack_size(1 << 18)
thread = threading.Thread(target=overflow)
thread.start()
thread.join()
)",
     "overflow", SIGSEGV, false},
    {"abort", R"(
import os
def give_up():
    os.abort()
give_up()
)",
     "give_up", SIGABRT, false},
    {"crash of a forked child", R"(
import os
def read_in_child():
    read()
child = os.fork()
if child == 0:
    read_in_child()
os.waitpid(child, 0)
)",
     "read_in_child", SIGSEGV, true},
}};

const Crash* find_crash(const Probe& probe, const Trial& trial) {
  for (const Event& event : trial.events) {
    const auto* crash = std::get_if<Crash>(&event.body);
    if (crash == nullptr || crash->kind != CrashKind::kCrash) continue;
    if ((event.process.pid != trial.pid) == probe.in_child) return crash;
  }
  return nullptr;
}

// The first notice, or the agent's reason not to attach.
std::optional<std::string> find_notice(const Trial& trial) {
  for (const Event& event : trial.events) {
    if (const auto* notice = std::get_if<NoticeEvent>(&event.body)) return notice->message;
    if (const auto* unwatched = std::get_if<UnwatchedEvent>(&event.body)) {
      return "the interpreter " + unwatched->why.predicate;
    }
  }
  return std::nullopt;
}

std::string why_no_report(const Probe& probe, const Trial& trial) {
  if (!trial.wait_status) return fmt::format("it did not end within {} s", kTrialSeconds);
  const int status = *trial.wait_status;
  const std::string last = escape_text(last_line(trial.output));
  if (const auto notice = find_notice(trial)) return "no report: " + escape_text(*notice);
  if (WIFSIGNALED(status) && WTERMSIG(status) == probe.signal) {
    return fmt::format("no report: it was killed by {} and left no record",
                       signal_name(probe.signal));
  }
  if (WIFSIGNALED(status)) return "it was killed by " + signal_name(WTERMSIG(status));
  if (probe.in_child && WEXITSTATUS(status) == 0) return "no report of the child's crash";
  return fmt::format("it did not crash but exited with code {}{}", WEXITSTATUS(status),
                     last.empty() ? "" : ": " + last);
}

bool shows(const Thread& thread, std::string_view function) {
  return std::ranges::any_of(thread.frames,
                             [&](const Frame& frame) { return frame.name == function; });
}

std::string stack_of(const Thread& thread) {
  constexpr std::size_t kShown = 3;
  std::string stack;
  for (std::size_t i = 0; i < std::min(kShown, thread.frames.size()); ++i) {
    stack += (i == 0 ? "" : " < ") + escape_text(thread.frames[i].function);
  }
  return stack + (thread.frames.size() > kShown ? " < ..." : "");
}

std::string describe(const Crash& crash) {
  return fmt::format("{} ({}) in {}", escape_text(crash.signal.name),
                     escape_text(crash.signal.code_name), stack_of(crash.threads.front()));
}

}  // namespace

const std::array<Probe, 5>& probes() {
  return kProbes;
}

std::string program_of(const Probe& probe) {
  return std::string(kDefineRead) + std::string(probe.code);
}

Verdict judge(const Probe& probe, const Trial& trial) {
  const Crash* crash = find_crash(probe, trial);
  if (crash == nullptr) return {false, why_no_report(probe, trial)};
  if (!crash->complete) {
    return {false, "the report is incomplete: " + escape_text(crash->incomplete_reason)};
  }
  if (crash->signal.number != probe.signal) {
    return {false, fmt::format("{} is reported, not {}", escape_text(crash->signal.name),
                               signal_name(probe.signal))};
  }
  if (crash->threads.empty() || !crash->threads.front().crashed ||
      !shows(crash->threads.front(), probe.function)) {
    return {false, fmt::format("the report does not show where: {}() is missing", probe.function)};
  }
  return {true, describe(*crash)};
}

}  // namespace pyfault

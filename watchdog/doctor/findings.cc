#include "watchdog/doctor/findings.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "watchdog/crash/signal_names.h"
#include "watchdog/enrich/watch_signs.h"
#include "watchdog/event/unwatched.h"
#include "watchdog/format/escape.h"

namespace pyfault {
namespace {

constexpr rlim_t kFewFiles = 64;
// A ring takes 16 MiB, an interpreter with a few threads some 200 MiB.
constexpr rlim_t kLittleAddressSpace = rlim_t{256} << 20;
constexpr int kNoticedPtraceScope = 2;
constexpr int kCrashSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

class FindingsOf {
 public:
  explicit FindingsOf(const Facts& facts) : facts_(facts) {}

  std::vector<Finding> run() && {
    look_at_file();
    look_at_loading();
    look_at_interpreter();
    look_at_system();
    look_at_limits();
    check_other_handlers();
    std::ranges::stable_sort(findings_, {}, &Finding::weight);
    return std::move(findings_);
  }

 private:
  void obstacle(std::string what, std::string advice) {
    findings_.push_back({Finding::Weight::kObstacle, std::move(what), std::move(advice)});
  }
  void note(std::string what, std::string advice = "") {
    findings_.push_back({Finding::Weight::kNote, std::move(what), std::move(advice)});
  }

  std::string interpreter() const { return fmt::format("'{}'", escape_text(facts_.interpreter)); }

  // Uses the words of the corresponding event.
  void unwatched_for(const Unwatched& why, std::string advice) {
    obstacle(fmt::format("{} {}", interpreter(), escape_text(why.predicate)), std::move(advice));
  }

  void look_at_file() {
    if (const auto why = obstacle_in(facts_.file)) unwatched_for(*why, advice(why->reason));
  }

  void look_at_loading() {
    if (facts_.agent_on_noexec) {
      obstacle(
          fmt::format("the agent '{}' lies on a file system mounted noexec: it cannot be loaded",
                      escape_text(facts_.agent)),
          "install pyfault-watchdog elsewhere");
    }
    if (!facts_.watched || facts_.file.privileged) return;
    if (!facts_.watched->preload) {
      unwatched_for(unwatched(UnwatchedReason::kAgentNotLoaded),
                    advice(UnwatchedReason::kAgentNotLoaded));
    } else if (!facts_.watched->agent) {
      obstacle("the agent is not loaded" + (facts_.loader_complaint.empty()
                                                ? std::string()
                                                : ": " + escape_text(facts_.loader_complaint)),
               "");
    } else if (!facts_.watched->ring && !facts_.unwatched && facts_.notices.empty()) {
      unwatched_for(unwatched(UnwatchedReason::kNotAttached),
                    advice(UnwatchedReason::kNotAttached));
    }
  }

  void look_at_interpreter() {
    const bool has_answered = facts_.alone || facts_.watched || facts_.unwatched;
    if (!has_answered && facts_.notices.empty()) {
      obstacle(interpreter() +
                   " does not run Python code: it did not answer when it was asked for its version",
               "name an interpreter with --python");
    }
    for (const std::string& notice : facts_.notices) obstacle(escape_text(notice), "");
    const auto& survey = facts_.watched ? facts_.watched : facts_.alone;
    if (survey && survey->implementation != "cpython") {
      unwatched_for(unwatched(UnwatchedReason::kOtherImplementation, survey->implementation),
                    advice(UnwatchedReason::kOtherImplementation));
    } else if (facts_.unwatched && facts_.unwatched != obstacle_in(facts_.file)) {
      unwatched_for(*facts_.unwatched, advice(facts_.unwatched->reason));
    }
  }

  static std::string advice(UnwatchedReason reason) {
    switch (reason) {
      case UnwatchedReason::kSetUserId:
        return "use an interpreter without them, or start pyfault-watchdog with the rights that it "
               "gives";
      case UnwatchedReason::kStaticallyLinked:
        return "use an interpreter that is dynamically linked against glibc";
      case UnwatchedReason::kOtherMachine:
        return "use a 64-bit interpreter for this processor";
      case UnwatchedReason::kOtherLibc:
        return "use an interpreter that is linked against glibc";
      case UnwatchedReason::kOtherImplementation:
        return "use CPython " PYFAULT_CPYTHONS;
      case UnwatchedReason::kUnknownVersion:
        return "use a version of Python, or of pyfault-watchdog, that goes with the other";
      case UnwatchedReason::kUnknownLayout:
        return "use a CPython whose structures are not changed by a patch or a build option";
      case UnwatchedReason::kNoMemory:
        return "look at its limits (ulimit -a) and at the seccomp profile of the container or "
               "service";
      case UnwatchedReason::kNotAttached:
        return "look for a network namespace of its own, a seccomp filter, or limits (below)";
      case UnwatchedReason::kAgentNotLoaded:
        return "look for a wrapper script, sudo or env -i, and let LD_PRELOAD and PYFAULT_SOCKET "
               "through";
      case UnwatchedReason::kRefused:
      case UnwatchedReason::kNotPython:
      case UnwatchedReason::kHandlerReplaced:
      case UnwatchedReason::kHandlerBypassed:
      case UnwatchedReason::kHandlerUnknown:
        break;
    }
    return "";
  }

  void look_at_system() {
    if (!facts_.memfd) {
      obstacle("memfd_create(2) is refused, which the shared memory comes from",
               "allow it in the seccomp profile of the container or service");
    }
    if (facts_.alone && facts_.alone->seccomp) {
      note("a seccomp filter is active",
           "should a report be missing, allow memfd_create, sigaltstack, madvise, futex and Unix "
           "sockets");
    }
    if (facts_.ptrace_scope.value_or(0) >= kNoticedPtraceScope) {
      note(fmt::format("yama's ptrace_scope is {}: debuggers cannot attach to the program",
                       *facts_.ptrace_scope),
           "reports do not depend on it");
    }
  }

  void look_at_limits() {
    if (facts_.open_files < kFewFiles) {
      obstacle(fmt::format("only {} descriptors may be open (RLIMIT_NOFILE)", facts_.open_files),
               "raise the limit: ulimit -n 1024, LimitNOFILE= in a unit");
    }
    if (facts_.address_space < kLittleAddressSpace) {
      obstacle(fmt::format("the address space is limited to {} MiB (RLIMIT_AS)",
                           facts_.address_space >> 20),
               "raise the limit: a watched process maps 17 MiB more than it would alone");
    }
    if (facts_.file_size != RLIM_INFINITY) {
      note(fmt::format("files cannot grow beyond {} bytes (RLIMIT_FSIZE): nor can a log",
                       facts_.file_size));
    }
    if (facts_.stack == RLIM_INFINITY) {
      note(
          "the main thread's stack is unlimited: endless recursion there takes all memory before "
          "it crashes",
          "set a limit: ulimit -s 8192");
    }
  }

  void check_other_handlers() {
    std::string handled;
    for (const int signal : kCrashSignals) {
      const bool caught = facts_.alone && (facts_.alone->caught >> (signal - 1) & 1) != 0;
      if (caught) handled += (handled.empty() ? "" : ", ") + signal_name(signal);
    }
    if (!handled.empty()) {
      note(
          fmt::format("another handler is installed when Python starts ({}): it runs before ours, "
                      "and a crash is reported only if it hands on",
                      handled));
    }
    if (!facts_.other_preload.empty()) {
      note(fmt::format("LD_PRELOAD already holds {}: it is kept, behind the agent",
                       escape_text(facts_.other_preload)));
    }
  }

  const Facts& facts_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> findings_about(const Facts& facts) {
  return FindingsOf(facts).run();
}

}  // namespace pyfault

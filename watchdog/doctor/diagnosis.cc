#include "watchdog/doctor/diagnosis.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>

#include "watchdog/crash/signal_names.h"
#include "watchdog/format/escape.h"

namespace pyfault {
namespace {

constexpr rlim_t kFewFiles = 64;
// A ring is 16 MiB, and an interpreter with a few threads some 200.
constexpr rlim_t kLittleAddressSpace = rlim_t{256} << 20;
constexpr int kNoticedPtraceScope = 2;
constexpr int kCrashSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

class Diagnosis {
 public:
  explicit Diagnosis(const Facts& facts) : facts_(facts) {}

  std::vector<Finding> run() && {
    look_at_file();
    look_at_loading();
    look_at_interpreter();
    look_at_system();
    look_at_limits();
    look_at_company();
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

  void look_at_file() {
    if (!facts_.file.elf) return;
    const std::string name = "'" + escape_text(facts_.interpreter) + "'";
    if (!facts_.file.x86_64) {
      obstacle(name + " is not a 64-bit x86 program", "use a 64-bit x86 interpreter");
    } else if (!facts_.file.dynamic) {
      obstacle(name + " is statically linked: LD_PRELOAD has no effect on it",
               "use an interpreter that is dynamically linked against glibc");
    } else if (facts_.file.musl) {
      obstacle(name + " is linked against musl: the agent needs glibc",
               "use an interpreter that is linked against glibc");
    }
    if (facts_.file.privileged) {
      obstacle(name +
                   " is set-user-ID or set-group-ID or has file capabilities: the dynamic "
                   "loader ignores LD_PRELOAD",
               "use an interpreter without them, or start pyfault-watchdog with the rights that "
               "it gives");
    }
  }

  void look_at_loading() {
    if (facts_.agent_on_noexec) {
      obstacle("the agent '" + escape_text(facts_.agent) +
                   "' lies on a file system mounted noexec: it cannot be loaded",
               "install pyfault-watchdog elsewhere");
    }
    if (!facts_.watched || facts_.file.privileged) return;
    if (!facts_.watched->preload) {
      obstacle("LD_PRELOAD does not reach the interpreter: something in between removes it",
               "look for a wrapper script, sudo or env -i, and let LD_PRELOAD and PYFAULT_SOCKET "
               "through");
    } else if (!facts_.watched->agent) {
      obstacle("the agent is not loaded" + (facts_.loader_complaint.empty()
                                                ? std::string()
                                                : ": " + escape_text(facts_.loader_complaint)),
               "");
    } else if (!facts_.watched->ring && facts_.notices.empty()) {
      obstacle("the agent is loaded but does not get through to the watchdog",
               "look for a network namespace of its own, a seccomp filter, or limits (below)");
    }
  }

  void look_at_interpreter() {
    if (!facts_.alone && !facts_.watched && facts_.notices.empty()) {
      obstacle(
          "'" + escape_text(facts_.interpreter) +
              "' does not run Python code: it did not answer when it was asked for its version",
          "name an interpreter with --python");
    }
    for (const std::string& notice : facts_.notices) obstacle(escape_text(notice), advice(notice));
    const auto& survey = facts_.watched ? facts_.watched : facts_.alone;
    if (survey && survey->implementation != "cpython") {
      obstacle("the interpreter is " + escape_text(survey->implementation) + ", not CPython",
               "use CPython 3.8 to 3.15");
    }
  }

  static std::string advice(const std::string& notice) {
    if (notice.find("is not known") != notice.npos) {
      return "use a version of Python, or of pyfault-watchdog, that goes with the other";
    }
    if (notice.find("memory layout") != notice.npos) {
      return "use a CPython whose structures are not changed by a patch or a build option";
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

  void look_at_company() {
    std::string handled;
    for (const int signal : kCrashSignals) {
      const bool caught = facts_.alone && (facts_.alone->caught >> (signal - 1) & 1) != 0;
      if (caught) handled += (handled.empty() ? "" : ", ") + signal_name(signal);
    }
    if (!handled.empty()) {
      note("another handler is installed when Python starts (" + handled +
           "): it runs before ours, and a crash is reported only if it hands on");
    }
    if (!facts_.other_preload.empty()) {
      note("LD_PRELOAD already holds " + escape_text(facts_.other_preload) +
           ": it is kept, behind the agent");
    }
  }

  const Facts& facts_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> diagnose(const Facts& facts) {
  return Diagnosis(facts).run();
}

}  // namespace pyfault

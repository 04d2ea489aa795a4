#include "watchdog/symbolizer/sandbox.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "watchdog/os/unique_fd.h"
#include "watchdog/symbolizer/protocol.h"

namespace pyfault {
namespace {

constexpr rlim_t kProcessorSeconds = 5;
constexpr rlim_t kAddressSpace = rlim_t{2} << 30;
// The three of the protocol, one file at a time, and the debug files, which stay open.
constexpr rlim_t kDescriptors = 4 + kMaxDebugFiles;
constexpr uid_t kNobody = 65534;

// A program of the kernel's packet filter that decides by the number of a system call, and by the
// lower half of one of its arguments.
class Filter {
 public:
  Filter() {
    load(offsetof(seccomp_data, arch));
    jump(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0);
    end(kKill);
    load(offsetof(seccomp_data, nr));
  }

  void allow(long call) {
    jump(BPF_JEQ, call, 0, 1);
    end(SECCOMP_RET_ALLOW);
  }
  void refuse(long call) {
    jump(BPF_JEQ, call, 0, 1);
    end(kRefuse);
  }
  void allow_if(long call, unsigned argument, long value) {
    jump(BPF_JEQ, call, 0, 4);
    load_argument(argument);
    jump(BPF_JEQ, value, 0, 1);
    end(SECCOMP_RET_ALLOW);
    end(kRefuse);
  }
  void allow_without(long call, unsigned argument, long bits) {
    jump(BPF_JEQ, call, 0, 4);
    load_argument(argument);
    jump(BPF_JSET, bits, 1, 0);
    end(SECCOMP_RET_ALLOW);
    end(kRefuse);
  }

  // Not by seccomp(2), which systemd leaves out of what services may call (@system-service).
  bool install() {
    end(kKill);
    const sock_fprog program{static_cast<unsigned short>(steps_.size()), steps_.data()};
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
  }

 private:
  static constexpr std::uint32_t kKill = SECCOMP_RET_KILL_PROCESS;
  static constexpr std::uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;

  void load(std::size_t offset) {
    steps_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
  }
  void load_argument(unsigned argument) {
    load(offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t));
  }
  void jump(int condition, long value, std::uint8_t if_true, std::uint8_t if_false) {
    steps_.push_back(BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | condition | BPF_K),
                              static_cast<std::uint32_t>(value), if_true, if_false));
  }
  void end(std::uint32_t action) { steps_.push_back(BPF_STMT(BPF_RET | BPF_K, action)); }

  std::vector<sock_filter> steps_;
};

// If memory runs out, this process has to go, and not what it works for.
void be_first_to_go() {
  const UniqueFd score(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
  [[maybe_unused]] const ssize_t ignored = ::write(score.get(), "1000", 4);
}

bool limit(int resource, rlim_t value) {
  rlimit now{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &now) != 0) return false;
  const rlimit lower{std::min(value, now.rlim_max), std::min(value, now.rlim_max)};
  return ::setrlimit(static_cast<__rlimit_resource_t>(resource), &lower) == 0;
}

bool limit_all() {
  return limit(RLIMIT_CPU, kProcessorSeconds) && limit(RLIMIT_AS, kAddressSpace) &&
         limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0) &&
         limit(RLIMIT_NOFILE, kDescriptors);
}

void become_nobody() {
  if (::geteuid() == 0) {
    [[maybe_unused]] bool ignored = ::syscall(SYS_setgroups, 0, nullptr) == 0;
    ignored = ::syscall(SYS_setresgid, kNobody, kNobody, kNobody) == 0;
    ignored = ::syscall(SYS_setresuid, kNobody, kNobody, kNobody) == 0;
  }
  __user_cap_header_struct head{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  ::syscall(SYS_capset, &head, none);
}

// A change of user undoes the first two.
bool set_properties(pid_t parent) {
  return ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && ::getppid() == parent &&
         ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

bool filter_system_calls() {
  Filter filter;
  for (const long call :
       {SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_close, SYS_pread64, SYS_fstat, SYS_lseek,
        SYS_futex, SYS_clock_gettime, SYS_getrandom, SYS_sysinfo, SYS_exit, SYS_exit_group}) {
    filter.allow(call);
  }
  filter.allow_without(SYS_mmap, 2, PROT_EXEC);
  filter.allow_without(SYS_mprotect, 2, PROT_EXEC);
  filter.allow_if(SYS_write, 0, kAnswerFd);
  filter.allow_if(SYS_sendto, 0, kFilesFd);
  filter.allow_if(SYS_recvmsg, 0, kFilesFd);
  filter.allow_if(SYS_newfstatat, 3, AT_EMPTY_PATH);  // how glibc says fstat()
  // What abort() does.
  for (const long call : {SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_getpid, SYS_gettid}) {
    filter.allow(call);
  }
  filter.allow_if(SYS_tgkill, 0, ::getpid());
  // Libraries live without these; any other call ends the process.
  for (const long call :
       {SYS_open, SYS_openat, SYS_access, SYS_faccessat, SYS_faccessat2, SYS_stat, SYS_lstat,
        SYS_statx, SYS_readlink, SYS_readlinkat, SYS_getcwd, SYS_ioctl, SYS_fcntl, SYS_read,
        SYS_writev, SYS_prlimit64, SYS_socket, SYS_connect}) {
    filter.refuse(call);
  }
  return filter.install();
}

}  // namespace

std::optional<std::string> enter_sandbox() {
  const auto failed = [](const std::string& what) { return what + ": " + std::strerror(errno); };
  const pid_t parent = ::getppid();
  constexpr int kFirstUnused = 3;
  ::closefrom(kFirstUnused);
  be_first_to_go();
  if (!limit_all()) return failed("setrlimit");
  become_nobody();
  if (!set_properties(parent)) return failed("prctl");
  if (!filter_system_calls()) return failed("seccomp");
  return std::nullopt;
}

}  // namespace pyfault

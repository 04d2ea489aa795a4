// Linux system calls as bare instructions: no libc, no errno, no cancellation point, and nothing
// that another library can interpose.
//
// Context: anywhere, signal handlers included. Each returns what the kernel returns: a result, or a
// negated errno value.
#pragma once

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/arch/processor.h"

namespace pyfault {

inline long as_argument(const volatile void* pointer) {
  return reinterpret_cast<long>(pointer);
}

constexpr KernelSignalSet signal_bit(int signal) {
  return KernelSignalSet{1} << (signal - 1);
}

inline long sys_rt_sigaction(int signal, const KernelSigaction* action, KernelSigaction* old) {
  return system_call(SYS_rt_sigaction, signal, as_argument(action), as_argument(old),
                     sizeof(KernelSignalSet));
}
inline long sys_rt_sigprocmask(int how, const KernelSignalSet* set, KernelSignalSet* old) {
  return system_call(SYS_rt_sigprocmask, how, as_argument(set), as_argument(old),
                     sizeof(KernelSignalSet));
}
inline long sys_rt_sigtimedwait(const KernelSignalSet* set, const timespec* timeout) {
  return system_call(SYS_rt_sigtimedwait, as_argument(set), 0, as_argument(timeout),
                     sizeof(KernelSignalSet));
}
inline long sys_rt_tgsigqueueinfo(int pid, int tid, int signal, const siginfo_t* info) {
  return system_call(SYS_rt_tgsigqueueinfo, pid, tid, signal, as_argument(info));
}
inline long sys_sigaltstack(const stack_t* stack, stack_t* old) {
  return system_call(SYS_sigaltstack, as_argument(stack), as_argument(old));
}
inline int sys_getpid() {
  return static_cast<int>(system_call(SYS_getpid));
}
inline int sys_getppid() {
  return static_cast<int>(system_call(SYS_getppid));
}
inline int sys_gettid() {
  return static_cast<int>(system_call(SYS_gettid));
}
inline long sys_write(int fd, const void* bytes, std::size_t size) {
  return system_call(SYS_write, fd, as_argument(bytes), static_cast<long>(size));
}
inline long sys_pwrite(int fd, const void* bytes, std::size_t size, long offset) {
  return system_call(SYS_pwrite64, fd, as_argument(bytes), static_cast<long>(size), offset);
}
inline long sys_open(const char* path, int flags) {
  return system_call(SYS_openat, AT_FDCWD, as_argument(path), flags);
}
inline long sys_close(int fd) {
  return system_call(SYS_close, fd);
}
inline long sys_fcntl(int fd, int command, long argument) {
  return system_call(SYS_fcntl, fd, command, argument);
}
inline long sys_memfd_create(const char* name, unsigned flags) {
  return system_call(SYS_memfd_create, as_argument(name), flags);
}
inline long sys_ftruncate(int fd, std::size_t size) {
  return system_call(SYS_ftruncate, fd, static_cast<long>(size));
}
// Maps the file from its first byte on.
inline long sys_mmap(void* address, std::size_t size, int protection, int flags, int fd) {
  return system_call(SYS_mmap, as_argument(address), static_cast<long>(size), protection, flags,
                     fd);
}
inline long sys_madvise(void* address, std::size_t size, int advice) {
  return system_call(SYS_madvise, as_argument(address), static_cast<long>(size), advice);
}
inline long sys_socket(int family, int type) {
  return system_call(SYS_socket, family, type);
}
inline long sys_connect(int fd, const sockaddr* address, socklen_t size) {
  return system_call(SYS_connect, fd, as_argument(address), size);
}
inline long sys_getsockopt(int fd, int level, int option, void* value, socklen_t* size) {
  return system_call(SYS_getsockopt, fd, level, option, as_argument(value), as_argument(size));
}
inline long sys_sendmsg(int fd, const msghdr* message, int flags) {
  return system_call(SYS_sendmsg, fd, as_argument(message), flags);
}
// The calling process's own limit; `limit` or `old` may be null.
inline long sys_prlimit(int resource, const rlimit* limit, rlimit* old) {
  return system_call(SYS_prlimit64, 0, resource, as_argument(limit), as_argument(old));
}
inline uid_t sys_geteuid() {
  return static_cast<uid_t>(system_call(SYS_geteuid));
}
inline long sys_lstat(const char* path, struct stat* status) {
  return system_call(SYS_newfstatat, AT_FDCWD, as_argument(path), as_argument(status),
                     AT_SYMLINK_NOFOLLOW);
}
inline long sys_fstat(int fd, struct stat* status) {
  return system_call(SYS_fstat, fd, as_argument(status));
}
inline long sys_nanosleep(const timespec* duration) {
  return system_call(SYS_nanosleep, as_argument(duration));
}
inline long sys_futex_wait(const std::atomic<std::uint32_t>* word, std::uint32_t expected,
                           const timespec* timeout) {
  return system_call(SYS_futex, as_argument(word), FUTEX_WAIT, expected, as_argument(timeout));
}
inline long sys_futex_wake_all(const std::atomic<std::uint32_t>* word) {
  return system_call(SYS_futex, as_argument(word), FUTEX_WAKE, 0x7fffffff);
}
[[noreturn]] inline void sys_exit_group(int code) {
  for (;;) system_call(SYS_exit_group, code);
}

inline std::int64_t clock_ns(clockid_t clock) {
  timespec now{};
  system_call(SYS_clock_gettime, clock, as_argument(&now));
  return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

}  // namespace pyfault

#include "agent/seccomp_filter.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "agent/arch/processor.h"
#include "shared/handshake.h"
#include "shared/ring_layout.h"

namespace pyfault {
namespace {

// Sample arguments: a descriptor above the standard three, and an address that is not null.
constexpr std::uint64_t kDescriptor = 10;
constexpr std::uint64_t kAddress = 0x7fff00001000;

struct Call {
  long number;
  std::uint64_t arguments[6];
};
constexpr Call kWakeUp[] = {
    {SYS_openat,
     {static_cast<std::uint32_t>(AT_FDCWD), kAddress,
      O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY}},
    {SYS_fstat, {kDescriptor, kAddress}},
    {SYS_write, {kDescriptor, kAddress, sizeof(Wake)}},
    {kPollNumber, {kAddress, 1, 0}},
    {SYS_close, {kDescriptor}},
    {SYS_socket, {AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0}},
    {SYS_connect, {kDescriptor, kAddress, 40}},
    {SYS_sendmsg, {kDescriptor, kAddress, MSG_NOSIGNAL | MSG_DONTWAIT}},
};

// The calls that attaching takes in addition to those in kWakeUp.
constexpr Call kAttach[] = {
    {SYS_getsockopt, {kDescriptor, SOL_SOCKET, SO_PEERCRED, kAddress, kAddress}},
    {SYS_prlimit64, {0, RLIMIT_FSIZE, 0, kAddress}},
    {SYS_memfd_create, {kAddress, MFD_CLOEXEC | MFD_ALLOW_SEALING}},
    {SYS_ftruncate, {kDescriptor, kRingSize}},
    {SYS_fcntl, {kDescriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL}},
    {SYS_pwrite64, {kDescriptor, kAddress, kRingHeaderSize, 0}},
    {SYS_mmap,
     {kAddress, kRingSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, kDescriptor, 0}},
    {SYS_madvise, {kAddress, kRingSize, MADV_DONTDUMP}},
    {SYS_geteuid, {}},
    {SYS_getppid, {}},
};

// A classic BPF interpreter that runs a filter over the seccomp_data of one call.
class Machine {
 public:
  explicit Machine(const Call& call) {
    data_.nr = static_cast<int>(call.number);
    data_.arch = kAuditArchitecture;
    for (int index = 0; index < 6; ++index) data_.args[index] = call.arguments[index];
  }

  std::uint32_t run(const sock_fprog& filter) {
    constexpr std::uint32_t kRefused = SECCOMP_RET_KILL_PROCESS;
    for (std::uint64_t at = 0; at < filter.len;) {
      const sock_filter& step = filter.filter[at++];
      switch (BPF_CLASS(step.code)) {
        case BPF_RET:
          return BPF_RVAL(step.code) == BPF_A ? a_ : step.k;
        case BPF_JMP:
          at += jump(step);
          break;
        case BPF_LD:
          if (!load(step, a_)) return kRefused;
          break;
        case BPF_LDX:
          if (!load(step, x_)) return kRefused;
          break;
        case BPF_ST:
        case BPF_STX:
          if (step.k >= BPF_MEMWORDS) return kRefused;
          memory_[step.k] = BPF_CLASS(step.code) == BPF_ST ? a_ : x_;
          break;
        case BPF_ALU:
          if (!compute(step)) return kRefused;
          break;
        default:  // BPF_MISC
          (BPF_MISCOP(step.code) == BPF_TAX ? x_ : a_) = BPF_MISCOP(step.code) == BPF_TAX ? a_ : x_;
      }
    }
    return kRefused;
  }

 private:
  std::uint32_t operand(const sock_filter& step) const {
    return BPF_SRC(step.code) == BPF_X ? x_ : step.k;
  }

  std::uint32_t jump(const sock_filter& step) const {
    const std::uint32_t other = operand(step);
    switch (BPF_OP(step.code)) {
      case BPF_JEQ:
        return a_ == other ? step.jt : step.jf;
      case BPF_JGT:
        return a_ > other ? step.jt : step.jf;
      case BPF_JGE:
        return a_ >= other ? step.jt : step.jf;
      case BPF_JSET:
        return (a_ & other) != 0 ? step.jt : step.jf;
      default:
        return step.k;
    }
  }

  bool load(const sock_filter& step, std::uint32_t& to) const {
    switch (BPF_MODE(step.code)) {
      case BPF_ABS:
        if (step.k > sizeof data_ - sizeof to) return false;
        std::memcpy(&to, reinterpret_cast<const std::byte*>(&data_) + step.k, sizeof to);
        return true;
      case BPF_IMM:
        to = step.k;
        return true;
      case BPF_MEM:
        if (step.k >= BPF_MEMWORDS) return false;
        to = memory_[step.k];
        return true;
      case BPF_LEN:
        to = sizeof data_;
        return true;
      default:
        return false;
    }
  }

  bool compute(const sock_filter& step) {
    const std::uint32_t other = operand(step);
    switch (BPF_OP(step.code)) {
      case BPF_ADD:
        a_ += other;
        return true;
      case BPF_SUB:
        a_ -= other;
        return true;
      case BPF_MUL:
        a_ *= other;
        return true;
      case BPF_DIV:
        if (other != 0) a_ /= other;
        return other != 0;
      case BPF_AND:
        a_ &= other;
        return true;
      case BPF_OR:
        a_ |= other;
        return true;
      case BPF_XOR:
        a_ ^= other;
        return true;
      case BPF_LSH:
        a_ = other < 32 ? a_ << other : 0;
        return true;
      case BPF_RSH:
        a_ = other < 32 ? a_ >> other : 0;
        return true;
      case BPF_NEG:
        a_ = -a_;
        return true;
      default:
        return false;
    }
  }

  seccomp_data data_{};
  std::uint32_t a_ = 0;
  std::uint32_t x_ = 0;
  std::uint32_t memory_[BPF_MEMWORDS] = {};
};

// Returns whether the call returns at once. A supervisor (SECCOMP_RET_USER_NOTIF) may delay it.
bool comes_back(std::uint32_t verdict) {
  switch (verdict & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_ALLOW:
    case SECCOMP_RET_LOG:
    case SECCOMP_RET_ERRNO:
      return true;
    default:
      return false;
  }
}

template <std::size_t kCount>
bool is_deadly(const sock_fprog& filter, const Call (&calls)[kCount]) {
  for (const Call& call : calls) {
    if (!comes_back(Machine(call).run(filter))) return true;
  }
  return false;
}

}  // namespace

Forbidden forbidden_by(const sock_fprog& filter) {
  const bool wake_up = is_deadly(filter, kWakeUp);
  return {wake_up, wake_up || is_deadly(filter, kAttach)};
}

}  // namespace pyfault

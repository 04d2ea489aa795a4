// Owns a descriptor that the agent opens in the program's descriptor table for a short time.
//
// Context: anywhere, signal handlers included.
#pragma once

#include <utility>

#include "agent/in_signal/system_calls.h"

namespace pyfault {

class Descriptor {
 public:
  Descriptor() = default;
  // `result`: the result of a system call, a descriptor or a negated errno value.
  explicit Descriptor(long result) : fd_(static_cast<int>(result)) {
    if (fd_ >= 0 && fd_ <= kLastStandard) move_up();
  }
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  explicit operator bool() const { return fd_ >= 0; }
  // Returns the descriptor; if there is none, a negative number, which is the negated errno value
  // if a system call has failed.
  int get() const { return fd_; }
  void reset() {
    if (fd_ >= 0) sys_close(fd_);
    fd_ = -1;
  }

 private:
  static constexpr int kLastStandard = 2;

  // A program that has closed one of the standard three may still write to it from another thread.
  void move_up() {
    const long higher = sys_fcntl(fd_, F_DUPFD_CLOEXEC, kLastStandard + 1);
    sys_close(fd_);
    fd_ = static_cast<int>(higher);
  }

  int fd_ = -1;
};

}  // namespace pyfault

// A descriptor that is ours for a moment, and leaves the program's table again.
//
// Context: anywhere.
#pragma once

#include <utility>

#include "agent/in_signal/system_calls.h"

namespace pyfault {

class Descriptor {
 public:
  Descriptor() = default;
  // What a system call has returned: a descriptor, or a negated errno value.
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
  // Where there is none: the negated errno value that says why.
  int get() const { return fd_; }
  void reset() {
    if (fd_ >= 0) sys_close(fd_);
    fd_ = -1;
  }

 private:
  static constexpr int kLastStandard = 2;

  // A program that has closed one of these three may still write to it, in another thread.
  void move_up() {
    const long higher = sys_fcntl(fd_, F_DUPFD_CLOEXEC, kLastStandard + 1);
    sys_close(fd_);
    fd_ = static_cast<int>(higher);
  }

  int fd_ = -1;
};

}  // namespace pyfault

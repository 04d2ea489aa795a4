// A log file that begins anew when it has grown to a size; the old ones are FILE.1 (the latest) to
// FILE.N.
//
// Unlike spdlog's rotating sink it never truncates and never throws: what can't be renamed is
// appended to all the same, so no report is lost to a rotation. That is said once, until it rotates
// again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <system_error>

#include "watchdog/sink/fd_sink.h"

namespace pyfault {

struct Rotation {
  std::uint64_t max_size = 0;  // bytes; 0: never
  int keep = 10;               // old files, at least one

  bool operator==(const Rotation&) const = default;
};

class RotatingSink final : public Sink {
 public:
  using StuckHandler = std::function<void(std::error_code reason)>;

  RotatingSink(ReopeningFile file, Rotation rotation, StuckHandler on_stuck);

  int write(std::string_view report) override;

 private:
  bool is_due(std::size_t more) const;
  std::error_code rotate() const;

  const std::string name_;  // empty: not a regular file, and not rotated
  const Rotation rotation_;
  const StuckHandler on_stuck_;
  FdSink sink_;
  bool stuck_told_ = false;
};

}  // namespace pyfault

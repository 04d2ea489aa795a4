// A log file that is rotated at a maximum size; the old files are FILE.1 (the latest) to FILE.N.
//
// Unlike spdlog's rotating sink, it never truncates and never throws: a file that cannot be renamed
// is still appended to, so a rotation never loses a report. The failure is reported once until a
// rotation succeeds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <system_error>

#include "watchdog/sink/fd_sink.h"

namespace pyfault {

struct Rotation {
  std::uint64_t max_size = 0;  // bytes; 0: no rotation
  int keep = 10;               // number of old files, at least one

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

  const std::string name_;  // empty: not a regular file, so it is not rotated
  const Rotation rotation_;
  const StuckHandler on_stuck_;
  FdSink sink_;
  bool stuck_told_ = false;
};

}  // namespace pyfault

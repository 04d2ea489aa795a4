// Writes reports to the log's descriptor: each in one write(2), as it is, nothing added.
//
// What a file can't take whole (ENOSPC, EFBIG, ...) is taken back, so that no torn report stays in
// it. Waits where the descriptor makes it wait.
#pragma once

#include "watchdog/sink/reopening_file.h"
#include "watchdog/sink/sink.h"

namespace pyfault {

class FdSink final : public Sink {
 public:
  explicit FdSink(ReopeningFile file);

  int write(std::string_view report) override;

 private:
  int follow_name();

  ReopeningFile file_;
  bool mid_line_;  // the last report broke off, and could not be taken back
};

}  // namespace pyfault

// Writes reports to the log's descriptor unchanged, each in one write(2) where possible. A newline
// is added only after an incomplete line.
//
// A report that a file cannot take whole (ENOSPC, EFBIG, ...) is removed again, so no partial
// report stays in it. Blocks while the descriptor accepts no data.
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
  bool mid_line_;  // the output ends in a partial report that could not be removed
};

}  // namespace pyfault

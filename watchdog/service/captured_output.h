// Writes the captured output of all workers to our stdout. If that is connected to journald, each
// line becomes an entry of its own instead, sent to journald's socket: our stdout would not survive
// a restart of journald.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "watchdog/log/event_log.h"
#include "watchdog/service/output_limit.h"
#include "watchdog/service/output_lines.h"
#include "watchdog/sink/async_writer.h"

namespace pyfault {

class CapturedOutput {
 public:
  // Its name in descriptions of trouble.
  static constexpr char kName[] = "the workers' output";

  explicit CapturedOutput(const TroubleHandler& on_trouble);

  // How lines are to be formatted, and limited for a worker without a limit of its own.
  LineFormat format() const { return format_; }
  OutputLimit default_limit() const;

  // Whole, formatted lines. Does not block.
  void write(std::vector<std::string> lines);

  // The errno why it cannot be written to now, or 0.
  int error() const { return writer_.error(); }

  // See AsyncWriter. Says on stderr what could not be written.
  void finish(std::chrono::milliseconds limit);

 private:
  const bool is_journal_;
  const bool is_terminal_;
  const LineFormat format_;
  AsyncWriter writer_;
};

}  // namespace pyfault

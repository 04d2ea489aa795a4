// Which ends of a session's processes are reported, and which crash each goes back to: those that
// are not clean, those of unknown status if the process has left a fatal crash, or all of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "watchdog/event/event_sink.h"
#include "watchdog/ingest/process_family.h"
#include "watchdog/ingest/rate_limiter.h"

namespace pyfault {

class ExitReports {
 public:
  // `events` outlives this.
  ExitReports(EventSink& events, const RateLimit& limit, bool all)
      : events_(events), admitted_(limit), all_(all) {}

  // A crash that the process is bound to die of is reported now, or was by a previous watchdog. The
  // numbers, as processes see them, are claims.
  void note_fatal(int own_pid, const Crash& crash);
  void note_told(int own_pid);

  // Call it once for each process.
  void report(const ProcessFamily::End& end, Context context);

  // The number of ends left out, because there were too many, since the last call.
  std::uint64_t take_suppressed() { return admitted_.take_suppressed(); }

 private:
  struct Cause {
    std::string crash_id;
    int signal = 0;
  };

  EventSink& events_;
  RateLimiter admitted_;
  bool all_;
  std::map<int, std::optional<Cause>> causes_;  // by own pid; nullopt: it was told before
};

}  // namespace pyfault

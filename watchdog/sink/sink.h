// The target of a log's reports. A sink does not know events: it takes formatted reports.
#pragma once

#include <string_view>

namespace pyfault {

class Sink {
 public:
  virtual ~Sink() = default;

  // Writes one whole report. Returns 0, or an errno; the report may then be retried, except after
  // EMSGSIZE, when it can never be written. May block: it is called only on its log's own thread.
  virtual int write(std::string_view report) = 0;
};

}  // namespace pyfault

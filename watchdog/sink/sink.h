// Where the reports of a log end up. A sink knows nothing of events: it takes what a formatter
// made.
#pragma once

#include <string_view>

namespace pyfault {

class Sink {
 public:
  virtual ~Sink() = default;

  // One report, whole and as it is. Returns 0, or the errno of what stands in the way: then it may
  // be given again. EMSGSIZE: this report will never get through. May wait, as it is called on its
  // log's own thread only.
  virtual int write(std::string_view report) = 0;
};

}  // namespace pyfault

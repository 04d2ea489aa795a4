#include "watchdog/os/require.h"

#include <cerrno>
#include <system_error>

namespace pyfault {

void require(bool done, const char* call) {
  if (!done) throw std::system_error(errno, std::generic_category(), call);
}

}  // namespace pyfault

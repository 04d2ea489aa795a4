// Events made smaller, for logs that take no large messages.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "watchdog/event/event.h"

namespace pyfault {

// What `format` makes of the event, or, when that has more than `limit` bytes, of the event with
// less and less in it: the faulting thread alone, its first frames, no thread, no command. May
// still be too long.
std::string format_within(std::size_t limit, const Event& event,
                          const std::function<std::string(const Event&)>& format);

}  // namespace pyfault

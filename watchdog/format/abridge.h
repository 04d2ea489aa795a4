// Events made smaller, for logs that take no large messages.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "watchdog/event/event.h"

namespace pyfault {

using EventFormat = std::function<std::string(const Event&)>;

// What `format` makes of the event, or, when that has more than `limit` bytes, of the event with as
// much in it as fits: less output, less threads beside the faulting one, less frames, less of a
// traceback, a shorter command, no last words, no thread. Event::left_out says of what there is
// less. May still be too long.
std::string format_within(std::size_t limit, const Event& event, const EventFormat& format);

}  // namespace pyfault

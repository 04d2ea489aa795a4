// Abridges events for logs that do not accept large messages.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "watchdog/event/event.h"

namespace pyfault {

using EventFormat = std::function<std::string(const Event&)>;

// Formats the event. If the result has more than `limit` bytes, the event is abridged until it
// fits: first the output, then in turn the threads other than the faulting one, the native frames,
// the older breadcrumbs, the frames of Python, the traceback, the command, the last words, the
// annotations, and finally all threads.
// Event::left_out names the abridged parts. The result may still be too long.
std::string format_within(std::size_t limit, const Event& event, const EventFormat& format);

}  // namespace pyfault

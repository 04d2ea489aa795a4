// Estimates the memory that an event takes, for bounded queues. Counts mainly its texts.
#pragma once

#include <cstddef>

#include "watchdog/event/event.h"

namespace pyfault {

std::size_t approximate_size(const Event& event);

}  // namespace pyfault

// How much memory an event takes, about: what the texts in it do. For queues that must not grow.
#pragma once

#include <cstddef>

#include "watchdog/event/event.h"

namespace pyfault {

std::size_t approximate_size(const Event& event);

}  // namespace pyfault

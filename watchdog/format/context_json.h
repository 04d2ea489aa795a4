// What a process has said about itself, in JSON.
#pragma once

#include <vector>

#include "watchdog/crash/context.h"
#include "watchdog/format/json_values.h"

namespace pyfault {

Json annotations_json(const std::vector<Annotation>& annotations);

// annotations, breadcrumbs, heartbeat_age_seconds, and annotations_left_out if there are any
void add_context_members(Json& json, const Context& context);

}  // namespace pyfault

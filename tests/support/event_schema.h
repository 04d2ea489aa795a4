// The published schema of events (watchdog/format/event.schema.json), to which every event that a
// test reads must conform.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace pyfault::test {

// Returns what is wrong with the event, one line per error, or an empty string. A member that the
// schema does not mention is an error here: readers must accept unknown members, but the schema
// must describe all members that we write.
std::string schema_errors(const nlohmann::json& event);

}  // namespace pyfault::test

// The published schema of events (watchdog/format/event.schema.json), which every event that a test
// reads must keep to.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace pyfault::test {

// What is wrong with the event, in lines; empty where nothing is. That the schema does not know a
// member is wrong too: readers may meet members that they do not know, the schema may not.
std::string schema_errors(const nlohmann::json& event);

}  // namespace pyfault::test

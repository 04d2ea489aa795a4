#include "tests/support/event_schema.h"

// The library's headers do not compile without these warnings.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#pragma GCC diagnostic pop

#include "tests/support/files.h"

namespace pyfault::test {
namespace {

using nlohmann::json;
using valijson::adapters::NlohmannJsonAdapter;

struct EventSchema {
  EventSchema() {
    valijson::SchemaParser parser;
    parser.populateSchema(NlohmannJsonAdapter(text), rules);
  }

  json text = json::parse(read_file(PYFAULT_EVENT_SCHEMA));
  valijson::Schema rules;
};

}  // namespace

std::string schema_errors(const json& event) {
  static const EventSchema schema;
  valijson::Validator validator(valijson::Validator::kStrongTypes);
  valijson::ValidationResults results;
  std::string errors;
  if (!validator.validate(schema.rules, NlohmannJsonAdapter(event), &results)) {
    for (const auto& error : results) {
      for (const std::string& place : error.context) errors += place;
      errors += ": " + error.description + '\n';
    }
  }
  for (const auto& member : event.items()) {
    if (!schema.text.at("properties").contains(member.key()))
      errors += member.key() + ": not in the schema\n";
  }
  return errors;
}

}  // namespace pyfault::test

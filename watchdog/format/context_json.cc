#include "watchdog/format/context_json.h"

#include <utility>

#include "watchdog/format/rfc3339.h"

namespace pyfault {

Json annotations_json(const std::vector<Annotation>& annotations) {
  Json json = Json::object();
  for (const auto& [key, value] : annotations) json[key] = value;
  return json;
}

void add_context_members(Json& json, const Context& context) {
  json["annotations"] = annotations_json(context.annotations);
  if (context.annotations_left_out > 0) json["annotations_left_out"] = context.annotations_left_out;
  Json breadcrumbs = Json::array();
  for (const Crumb& crumb : context.breadcrumbs) {
    breadcrumbs.push_back({{"time", rfc3339_utc(crumb.realtime_ns)}, {"text", crumb.text}});
  }
  json["breadcrumbs"] = std::move(breadcrumbs);
  json["heartbeat_age_seconds"] = value_or_null(context.heartbeat_age_seconds);
}

}  // namespace pyfault

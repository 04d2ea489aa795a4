// What a process has said about itself while it ran (shared/context.h), as plain values that later
// stages may trust: strings are valid UTF-8, but not escaped yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pyfault {

struct Annotation {
  std::string key;  // not empty
  std::string value;
};

struct Crumb {
  std::int64_t realtime_ns = 0;
  std::string text;
};

struct Context {
  std::vector<Annotation> annotations;          // each key once
  std::uint32_t annotations_left_out = 0;       // for there was no room
  std::vector<Crumb> breadcrumbs;               // oldest first
  std::optional<double> heartbeat_age_seconds;  // since the last heartbeat; none: there was none

  bool empty() const {
    return annotations.empty() && annotations_left_out == 0 && breadcrumbs.empty() &&
           !heartbeat_age_seconds;
  }
};

}  // namespace pyfault

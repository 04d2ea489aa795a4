// The exception that ended a Python program, as the interpreter's own words on stderr have it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pyfault {

struct RaisedException {
  std::string type;         // "ValueError", "app.errors.NotReady"
  std::string message;      // empty where there is none; may be of several lines
  std::string traceback;    // all of it, those of the exceptions that led to it included
  std::string fingerprint;  // see fingerprint.h
};

// `text` is what a program wrote to stderr last, valid UTF-8 or not. None unless it ends in a
// traceback; one of a thread, or of a task that nobody awaited, ends no program.
std::optional<RaisedException> exception_at_end(std::string_view text);

}  // namespace pyfault

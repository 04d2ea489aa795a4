// The exception that ended a Python program, parsed from what the interpreter wrote to stderr.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pyfault {

struct RaisedException {
  std::string type;         // "ValueError", "app.errors.NotReady"
  std::string message;      // empty if there is none; may have several lines
  std::string traceback;    // all of it, including those of the exceptions that led to it
  std::string fingerprint;  // see fingerprint.h
};

// `text` is the last output on stderr, possibly invalid UTF-8. Returns nullopt unless it ends in a
// traceback that ends the program; that of a thread, or of a task that was never awaited, does not.
std::optional<RaisedException> exception_at_end(std::string_view text);

}  // namespace pyfault

// The service's replies: JSON objects, one per line, up to {"reply": "done"} or an error.
//
//   {"reply": "status", "status": {...}}                    see status.h
//   {"reply": "outcome", "worker": "web", "ok": true, "message": "is up, PID 4711"}
//   {"reply": "problem", "message": "FILE:LINE: ..."}       in a configuration that was rejected
//   {"reply": "report", "text": "..."}                      an event or a dump, rendered
//   {"reply": "lost", "count": 3}                           events dropped for a slow reader
//   {"reply": "done", "ok": true}                           the end; false: an outcome was not ok
//   {"reply": "error", "message": "...", "reason": "..."}   the end: the request failed; the reason
//                                                           is "no-such-worker" or "other"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "watchdog/control/status.h"

namespace pyfault {

struct CommandResult {
  std::string worker;
  bool ok = true;
  std::string message;  // follows the name

  bool operator==(const CommandResult&) const = default;
};

struct ConfigMistake {
  std::string message;
};

struct ReportText {
  std::string text;  // ends in a newline
};

struct LostEvents {
  std::uint64_t count = 0;
};

struct Done {
  bool ok = true;
};

enum class ErrorReason { kOther, kNoSuchWorker };

struct ErrorReply {
  std::string message;
  ErrorReason reason = ErrorReason::kOther;
};

using Reply =
    std::variant<Status, CommandResult, ConfigMistake, ReportText, LostEvents, Done, ErrorReply>;

// Includes the trailing newline.
std::string reply_line(const Reply& answer);

// Throws nlohmann::json::exception if `line` is not a reply.
Reply parse_reply(std::string_view line);

}  // namespace pyfault

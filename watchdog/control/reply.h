// What the service answers: JSON objects, one a line, until {"reply": "done"} or an error.
//
//   {"reply": "status", "status": {...}}                    see status.h
//   {"reply": "outcome", "worker": "web", "ok": true, "message": "is up, PID 4711"}
//   {"reply": "problem", "message": "FILE:LINE: ..."}       of a configuration that was not taken
//   {"reply": "report", "text": "..."}                      an event or a dump, rendered
//   {"reply": "lost", "count": 3}                           events that came faster than they were
//   read
//   {"reply": "done", "ok": true}                           the end; false: some outcome was not ok
//   {"reply": "error", "message": "...", "reason": "..."}   the end: it could not be done at all;
//   reason: "no-such-worker", or "other"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "watchdog/control/status.h"

namespace pyfault {

struct Outcome {
  std::string worker;
  bool ok = true;
  std::string message;  // goes on after the name

  bool operator==(const Outcome&) const = default;
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

enum class RefusalReason { kOther, kNoSuchWorker };

struct Refusal {
  std::string message;
  RefusalReason reason = RefusalReason::kOther;
};

using Reply = std::variant<Status, Outcome, ConfigMistake, ReportText, LostEvents, Done, Refusal>;

// With the newline that ends it.
std::string reply_line(const Reply& answer);

// Throws nlohmann::json::exception where it is no reply.
Reply parse_reply(std::string_view line);

}  // namespace pyfault

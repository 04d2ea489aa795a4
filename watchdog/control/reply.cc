#include "watchdog/control/reply.h"

#include <nlohmann/json.hpp>

#include "watchdog/control/json_text.h"

namespace pyfault {
namespace {

using nlohmann::json;

constexpr char kNoSuchWorker[] = "no-such-worker";

struct ReplyJson {
  json operator()(const Status& status) const {
    return {{"reply", "status"}, {"status", parse_json(to_json(status))}};
  }
  json operator()(const CommandResult& result) const {
    return {{"reply", "outcome"},
            {"worker", result.worker},
            {"ok", result.ok},
            {"message", result.message}};
  }
  json operator()(const ConfigMistake& mistake) const {
    return {{"reply", "problem"}, {"message", mistake.message}};
  }
  json operator()(const ReportText& report) const {
    return {{"reply", "report"}, {"text", report.text}};
  }
  json operator()(const LostEvents& lost) const {
    return {{"reply", "lost"}, {"count", lost.count}};
  }
  json operator()(const Done& done) const { return {{"reply", "done"}, {"ok", done.ok}}; }
  json operator()(const ErrorReply& error) const {
    const bool no_worker = error.reason == ErrorReason::kNoSuchWorker;
    return {{"reply", "error"},
            {"message", error.message},
            {"reason", no_worker ? kNoSuchWorker : "other"}};
  }
};

std::string text_at(const json& object, const char* key) {
  return object.at(key).get<std::string>();
}

}  // namespace

std::string reply_line(const Reply& answer) {
  return json_text(std::visit(ReplyJson{}, answer)) + '\n';
}

Reply parse_reply(std::string_view line) {
  const json object = parse_json(line);
  const std::string kind = text_at(object, "reply");
  if (kind == "status") return status_from_json(json_text(object.at("status")));
  if (kind == "outcome") {
    return CommandResult{text_at(object, "worker"), object.at("ok").get<bool>(),
                         text_at(object, "message")};
  }
  if (kind == "problem") return ConfigMistake{text_at(object, "message")};
  if (kind == "report") return ReportText{text_at(object, "text")};
  if (kind == "lost") return LostEvents{object.at("count").get<std::uint64_t>()};
  if (kind == "done") return Done{object.at("ok").get<bool>()};
  return ErrorReply{object.value("message", "a reply that this pyfaultctl does not know"),
                    object.value("reason", "") == kNoSuchWorker ? ErrorReason::kNoSuchWorker
                                                                : ErrorReason::kOther};
}

}  // namespace pyfault

#include "watchdog/control/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "watchdog/control/json_text.h"

namespace pyfault {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 3> kCommands = {"start", "stop", "restart"};
constexpr std::array<std::string_view, 3> kFormats = {"text", "coloured", "json"};

template <typename Enum>
std::optional<Enum> one_of(const std::array<std::string_view, 3>& names, const std::string& name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

template <typename Enum>
std::string name_in(const std::array<std::string_view, 3>& names, Enum value) {
  return std::string(names[static_cast<std::size_t>(value)]);
}

ReportFormat format_of(const json& object) {
  const auto format = one_of<ReportFormat>(kFormats, object.value("format", "text"));
  if (!format) throw std::invalid_argument("no such format");
  return *format;
}

CommandRequest command_of(const json& object, WorkerCommand command) {
  return {command, object.value("workers", std::vector<std::string>()), object.value("all", false),
          object.value("wait", true)};
}

EventsRequest events_of(const json& object) {
  EventsRequest events{object.value("follow", false), std::nullopt, format_of(object)};
  if (object.contains("last")) events.last = object.at("last").get<std::size_t>();
  return events;
}

std::variant<Request, BadRequest> request_of(const json& object) {
  const std::string name = object.at("request").get<std::string>();
  if (const auto command = one_of<WorkerCommand>(kCommands, name))
    return command_of(object, *command);
  if (name == "status") return StatusRequest{object.value("workers", std::vector<std::string>())};
  if (name == "reload") return ReloadRequest{};
  if (name == "events") return events_of(object);
  if (name == "dump") return DumpRequest{object.at("target").get<std::string>(), format_of(object)};
  return BadRequest{fmt::format("there is no request '{}'", name)};
}

struct RequestJson {
  json operator()(const StatusRequest& status) const {
    return {{"request", "status"}, {"workers", status.workers}};
  }
  json operator()(const CommandRequest& request) const {
    return {{"request", name_in(kCommands, request.command)},
            {"workers", request.workers},
            {"all", request.all},
            {"wait", request.wait}};
  }
  json operator()(const ReloadRequest&) const { return {{"request", "reload"}}; }
  json operator()(const EventsRequest& events) const {
    json object = {{"request", "events"},
                   {"follow", events.follow},
                   {"format", name_in(kFormats, events.format)}};
    if (events.last) object["last"] = *events.last;
    return object;
  }
  json operator()(const DumpRequest& dump) const {
    return {
        {"request", "dump"}, {"target", dump.target}, {"format", name_in(kFormats, dump.format)}};
  }
};

}  // namespace

std::variant<Request, BadRequest> parse_request(std::string_view line) try {
  const json object = parse_json(line);
  if (!object.is_object()) return BadRequest{"a request is one JSON object on a line"};
  return request_of(object);
} catch (const json::parse_error&) {
  return BadRequest{"a request is one JSON object on a line"};
} catch (const std::exception&) {
  return BadRequest{"the request lacks a member, or has one of the wrong type"};
}

std::string request_line(const Request& request) {
  return json_text(std::visit(RequestJson{}, request)) + '\n';
}

}  // namespace pyfault

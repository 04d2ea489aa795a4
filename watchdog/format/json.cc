#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "watchdog/crash/signal_names.h"
#include "watchdog/format/context_json.h"
#include "watchdog/format/escape.h"
#include "watchdog/format/format.h"
#include "watchdog/format/json_values.h"
#include "watchdog/format/message.h"
#include "watchdog/format/native_json.h"
#include "watchdog/format/rfc3339.h"
#include "watchdog/format/severity.h"

namespace pyfault {
namespace {

Json process_json(const Process& process) {
  Json json = {{"pid", process.pid},
               {"ppid", process.ppid == 0 ? Json(nullptr) : Json(process.ppid)},
               {"name", text_or_null(process.name)},
               {"executable", text_or_null(process.executable)},
               {"command", process.command}};
  if (!process.title.empty()) json["title"] = process.title;
  if (process.claimed_pid) json["claimed_pid"] = *process.claimed_pid;
  return json;
}

Json signal_json(const Signal& signal) {
  return {{"number", signal.number},
          {"name", signal.name},
          {"code", signal.code},
          {"code_name", signal.code_name},
          {"address", signal.address ? Json(hexadecimal(*signal.address)) : Json(nullptr)},
          {"sender_pid", value_or_null(signal.sender_pid)},
          {"sender_uid", value_or_null(signal.sender_uid)},
          {"description", signal.description}};
}

Json python_json(const PythonRuntime& python) {
  return {{"version", text_or_null(python.version)},
          {"implementation", "CPython"},
          {"free_threaded", python.free_threaded},
          {"finalizing", value_or_null(python.finalizing)},
          {"collecting_garbage", value_or_null(python.collecting_garbage)}};
}

const char* source_name(LastWords::Source source) {
  switch (source) {
    case LastWords::Source::kException:
      return "c++";
    case LastWords::Source::kPython:
      return "python";
    case LastWords::Source::kStderr:
      return "stderr";
    case LastWords::Source::kLibc:
      break;
  }
  return "libc";
}

Json last_words_json(const LastWords& words) {
  return {{"source", source_name(words.source)},
          {"type", text_or_null(words.type)},
          {"text", text_or_null(words.text)}};
}

// Adds "overwritten" only if something was overwritten.
void add_overwritten(Json& json, const Frame& frame) {
  if (frame.file_overwritten) json["overwritten"].push_back("file");
  if (frame.function_overwritten) json["overwritten"].push_back("function");
}

Json code_frame_json(const Frame& frame) {
  Json json = {{"file", frame.file_readable ? Json(frame.file) : Json(nullptr)},
               {"line", value_or_null(frame.line)},
               {"end_line", value_or_null(frame.end_line)},
               {"column", value_or_null(frame.column)},
               {"end_column", value_or_null(frame.end_column)},
               {"function", frame.function_readable ? Json(frame.function) : Json(nullptr)},
               {"code", hexadecimal(frame.code)},
               {"source", value_or_null(frame.source)},
               {"repeat", frame.repeat}};
  add_overwritten(json, frame);
  return json;
}

Json frame_json(const Frame& frame) {
  switch (frame.kind) {
    case Frame::Kind::kOmitted:
      return Json::object({{"omitted", frame.omitted == 0 ? Json(nullptr) : Json(frame.omitted)}});
    case Frame::Kind::kUnreadable:
      return Json::object({{"unreadable", hexadecimal(frame.address)}});
    case Frame::Kind::kCycle:
      return Json::object({{"cycle", true}});
    case Frame::Kind::kCode:
      break;
  }
  return code_frame_json(frame);
}

Json thread_json(const Thread& thread) {
  Json frames = Json::array();
  for (const Frame& frame : thread.frames) frames.push_back(frame_json(frame));
  const bool has_stack = !thread.stack.empty();
  Json json = {{"tid", value_or_null(thread.tid)},
               {"ident", thread.ident},
               {"name", text_or_null(thread.name)},
               {"native_name", text_or_null(thread.native_name)},
               {"task", text_or_null(thread.task)},
               {"crashed", thread.crashed},
               {"interpreter", value_or_null(thread.interpreter)},
               {"frames", std::move(frames)},
               {"stack", has_stack ? stack_json(thread.stack) : Json(nullptr)},
               {"native", thread.native ? native_json(*thread.native) : Json(nullptr)}};
  if (!thread.annotations.empty()) json["annotations"] = annotations_json(thread.annotations);
  return json;
}

const char* decision_name(AfterExit::Decision decision) {
  switch (decision) {
    case AfterExit::Decision::kRestart:
      return "restart";
    case AfterExit::Decision::kGiveUp:
      return "give-up";
    case AfterExit::Decision::kStayDown:
      break;
  }
  return "stay-down";
}

Json after_json(const AfterExit& after) {
  const bool restarts = after.decision == AfterExit::Decision::kRestart;
  return {{"decision", decision_name(after.decision)},
          {"delay_seconds", restarts ? Json(after.delay_seconds) : Json(nullptr)},
          {"crash_loop", after.in_crash_loop}};
}

Json parents_json(const std::vector<Ancestor>& parents) {
  Json array = Json::array();
  for (const Ancestor& parent : parents) {
    array.push_back({{"pid", parent.pid}, {"name", text_or_null(parent.name)}});
  }
  return array;
}

void add_worker_crash(Json& json, const WorkerCrash& crash) {
  json["occurrence"] = crash.occurrence;
  json["abridged"] = crash.abridged;
  json["parents"] = parents_json(crash.parents);
}

Json exception_json(const RaisedException& exception) {
  return {{"type", exception.type},
          {"message", text_or_null(exception.message)},
          {"traceback", text_or_null(exception.traceback)}};
}

void add_output(Json& json, const LastOutput& output) {
  json["output_tail"] = text_or_null(output.tail);
  json["output_omitted"] = output.omitted;
  json["exception"] = output.exception ? exception_json(*output.exception) : Json(nullptr);
}

Json request_json(const RequestingSignal& request) {
  return {{"signal", request.signal},
          {"sender_pid", request.sender_pid},
          {"sender_uid", request.sender_uid}};
}

Json unwatched_json(const Unwatched& why) {
  return {{"reason", name_of(why.reason)}, {"message", "it " + why.predicate}};
}

// Adds the members of an event's body.
struct AddBody {
  Json& json;

  template <typename Body>
  void operator()(const Body& body) const {
    if constexpr (requires { body.members(*this); }) body.members(*this);
  }

  template <typename Value>
  void operator()(const char* name, const Value& value) const {
    json[name] = value;
  }

  void operator()(const char* name, const std::string& value) const {
    json[name] = text_or_null(value);
  }

  void operator()(const char* name, const std::optional<double>& value) const {
    json[name] = value_or_null(value);
  }

  void operator()(const char* name, SignalNumber signal) const {
    json[name] = {{"number", signal.number}, {"name", signal_name(signal.number)}};
  }

  void operator()(const ExitEvent& exit) const {
    json["exit"] = {{"code", value_or_null(exit.code)},
                    {"signal", exit.signal ? Json(signal_name(*exit.signal)) : Json(nullptr)},
                    {"core_dumped", exit.core_dumped}};
    json["reason"] = name_of(exit.reason);
    if (!exit.detail.empty()) json["detail"] = exit.detail;
    json["crash"] = value_or_null(exit.crash_id);
    json["fingerprint"] = text_or_null(exit.fingerprint);
    json["handler_replaced"] = value_or_null(exit.handler_replaced);
    json["unwatched"] = exit.unwatched ? unwatched_json(*exit.unwatched) : Json(nullptr);
    json["uptime_seconds"] = value_or_null(exit.uptime_seconds);
    json["max_rss_bytes"] = value_or_null(exit.max_rss_bytes);
    json["user_seconds"] = value_or_null(exit.user_seconds);
    json["system_seconds"] = value_or_null(exit.system_seconds);
    if (exit.after) json["after"] = after_json(*exit.after);
    if (!exit.context.empty()) add_context_members(json, exit.context);
    if (exit.is_below) json["parents"] = parents_json(exit.parents);
  }

  void operator()(const UnwatchedEvent& unwatched) const {
    unwatched.members(*this);
    if (unwatched.is_below) json["parents"] = parents_json(unwatched.parents);
  }

  void operator()(const Crash& crash) const {
    const bool is_dump = crash.kind == CrashKind::kDump;
    json["id"] = crash.id;
    json["complete"] = crash.complete;
    if (!crash.complete) json["incomplete_reason"] = crash.incomplete_reason;
    json["signal"] = is_dump ? Json(nullptr) : signal_json(crash.signal);
    if (!is_dump) {
      json["became_exception"] = crash.became_exception;
      json["exception_refused"] = text_or_null(crash.exception_refused);
    }
    if (is_dump) {
      json["requested_by"] = crash.requested_by ? request_json(*crash.requested_by) : Json(nullptr);
    }
    json["last_words"] = crash.last_words ? last_words_json(*crash.last_words) : Json(nullptr);
    json["python"] = python_json(crash.python);
    crash.members(*this);
    add_context_members(json, crash.context);
    add_native_members(json, crash);
    json["threads"] = Json::array();
    for (const Thread& thread : crash.threads) json["threads"].push_back(thread_json(thread));
    json["threads_omitted"] = crash.threads_omitted;
  }
};

}  // namespace

std::string format_json(const Event& event) {
  Json json = {{"schema", "pyfault/1"},
               {"event", kind_of(event).name},
               {"time", rfc3339_utc(event.realtime_ns)},
               {"level", name_of(severity_of(event))},
               {"message", sentence_of(event)},
               {"host", event.host},
               {"worker", value_or_null(event.worker)},
               {"process", process_json(event.process)}};
  std::visit(AddBody{json}, event.body);
  if (event.worker_crash) add_worker_crash(json, *event.worker_crash);
  if (event.last_output) add_output(json, *event.last_output);
  if (!event.left_out.empty()) json["left_out"] = event.left_out;
  return escape_json(json.dump(-1, ' ', false, Json::error_handler_t::replace)) + '\n';
}

}  // namespace pyfault

#include "watchdog/format/native_json.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "watchdog/format/trust_names.h"

namespace pyfault {
namespace {

Json native_frame_json(const NativeFrame& frame) {
  return {{"kind", "native"},
          {"address", hexadecimal(frame.address)},
          {"module", text_or_null(frame.module)},
          {"build_id", text_or_null(frame.build_id)},
          {"offset", hexadecimal_or_null(frame.offset)},
          {"function", text_or_null(frame.function)},
          {"file", text_or_null(frame.file)},
          {"line", value_or_null(frame.line)},
          {"inlined", frame.inlined},
          {"trust", name_of(frame.trust)},
          {"signal_frame", frame.signal_frame}};
}

Json entry_json(const StackEntry& entry) {
  switch (entry.kind) {
    case StackEntry::Kind::kPython:
      return {{"kind", "python"}, {"frame", entry.frame}};
    case StackEntry::Kind::kNative:
      return native_frame_json(entry.native);
    case StackEntry::Kind::kOmitted:
      break;
  }
  return Json::object({{"omitted", value_or_null(entry.omitted)}});
}

const char* name_of(NativeStack::Merge merge) {
  switch (merge) {
    case NativeStack::Merge::kAnchors:
      return "anchors";
    case NativeStack::Merge::kSymbols:
      return "symbols";
    case NativeStack::Merge::kNone:
      break;
  }
  return "none";
}

Json registers_json(const std::vector<Register>& registers) {
  if (registers.empty()) return nullptr;
  Json json = Json::object();
  for (const Register& each : registers) json[each.name] = hexadecimal(each.value);
  return json;
}

std::string digits(std::span<const std::uint8_t> bytes) {
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

Json instruction_json(const Instruction& instruction) {
  const std::span bytes(instruction.bytes);
  const bool is_inside = instruction.address >= instruction.bytes_address;
  const std::uint64_t before = is_inside ? instruction.address - instruction.bytes_address : 0;
  const auto split = static_cast<std::size_t>(std::min<std::uint64_t>(before, bytes.size()));
  return {{"address", hexadecimal(instruction.address)},
          {"bytes", text_or_null(is_inside ? digits(bytes.subspan(split)) : "")},
          {"bytes_before", text_or_null(digits(bytes.first(split)))}};
}

Json modules_json(const std::vector<Module>& modules) {
  if (modules.empty()) return nullptr;
  Json json = Json::array();
  for (const Module& module : modules) {
    json.push_back({{"path", module.path},
                    {"build_id", text_or_null(module.build_id)},
                    {"start", hexadecimal(module.start)},
                    {"end", hexadecimal(module.end)},
                    {"deleted", module.deleted}});
  }
  return json;
}

Json diagnosis_json(const Diagnosis& diagnosis) {
  return {{"kind", diagnosis.kind}, {"text", diagnosis.text}};
}

}  // namespace

Json stack_json(const std::vector<StackEntry>& stack) {
  Json json = Json::array();
  for (const StackEntry& entry : stack) json.push_back(entry_json(entry));
  return json;
}

Json native_json(const NativeStack& native) {
  return {{"complete", native.complete},
          {"incomplete_reason", text_or_null(native.incomplete_reason)},
          {"merged_by", name_of(native.merged_by)}};
}

void add_native_members(Json& json, const Crash& crash) {
  json["diagnosis"] = crash.diagnosis ? diagnosis_json(*crash.diagnosis) : Json(nullptr);
  json["registers"] = registers_json(crash.registers);
  json["instruction"] = crash.instruction ? instruction_json(*crash.instruction) : Json(nullptr);
  json["modules"] = modules_json(crash.modules);
}

}  // namespace pyfault

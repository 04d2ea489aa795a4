#include "watchdog/log/log_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pyfault {
namespace {

constexpr Choice<LogFormat> kFormats[] = {{"text", LogFormat::kText}, {"json", LogFormat::kJson}};

// Returns the keys that a log of this type reads.
std::vector<std::string_view> keys_of(const LogType& type) {
  const TomlValue::Table empty;
  std::vector<Problem> ignored;
  TableReader table(empty, "", 0, ignored);
  LogSettings settings;
  type.read(table, settings);
  return table.known_keys();
}

bool has_key(const LogType& type, std::string_view key) {
  return std::ranges::count(keys_of(type), key) > 0;
}

// "'file' or 'stderr'"
std::string types_with(std::string_view key) {
  std::string names;
  for (const LogType& type : log_types()) {
    if (!has_key(type, key)) continue;
    names += fmt::format("{}'{}'", names.empty() ? "" : " or ", type.name);
  }
  return names;
}

void refuse_keys_of_others(TableReader& table, const LogType& type) {
  std::set<std::string_view> others;
  for (const LogType& each : log_types()) {
    for (const std::string_view key : keys_of(each)) others.insert(key);
  }
  for (const std::string_view key : keys_of(type)) others.erase(key);
  for (const std::string_view key : others) {
    if (!table.has(key)) continue;
    table.refuse(key, fmt::format("'{}' is not for a log of type '{}'", key, type.name),
                 "it is for type " + types_with(key));
  }
}

std::vector<std::string_view> type_names() {
  std::vector<std::string_view> names;
  for (const LogType& type : log_types()) names.push_back(type.name);
  return names;
}

// "\"stderr\", \"file\" or \"syslog\""
std::string quoted_types() {
  std::string names;
  for (const LogType& type : log_types()) {
    const char* between = &type == &log_types().back() ? " or " : ", ";
    names += fmt::format("{}\"{}\"", names.empty() ? "" : between, type.name);
  }
  return names;
}

const LogType* read_type(TableReader& table) {
  const auto index = table.choose("type", type_names());
  if (!index && !table.has("type")) {
    table.add_error("type", "a log without a type", "add type = " + quoted_types());
  }
  return index ? &log_types()[*index] : nullptr;
}

void read_filter(TableReader& table, EventFilter& filter) {
  std::vector<std::string> events;
  table.get("workers", filter.workers);
  if (!table.get("events", events)) return;
  std::vector<std::string_view> names;
  for (const EventKind& kind : event_kinds()) names.push_back(kind.name);
  for (const std::string& name : events) {
    const auto kind = std::ranges::find(event_kinds(), name, &EventKind::name);
    if (kind == event_kinds().end()) {
      table.add_error("events", fmt::format("there is no event '{}'", name), suggest(name, names));
    } else {
      filter.events.push_back(*kind);
    }
  }
}

}  // namespace

LogSettings read_log(TableReader& table) {
  LogSettings log;
  const LogType* type = read_type(table);
  table.get("format", log.format, kFormats);
  read_filter(table, log.filter);
  if (type) {
    log.target = type->read(table, log);
    refuse_keys_of_others(table, *type);
    table.refuse_unknown_keys();
  }
  return log;
}

}  // namespace pyfault

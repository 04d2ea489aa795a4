#include "watchdog/config/log_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "watchdog/config/log_address.h"
#include "watchdog/config/log_targets.h"

namespace pyfault {
namespace {

enum class Type { kStderr, kFile, kJournald, kSyslog };

constexpr Choice<Type> kTypes[] = {{"stderr", Type::kStderr},
                                   {"file", Type::kFile},
                                   {"journald", Type::kJournald},
                                   {"syslog", Type::kSyslog}};
constexpr Choice<LogFormat> kFormats[] = {{"text", LogFormat::kText}, {"json", LogFormat::kJson}};
struct KeyOfType {
  std::string_view key;
  Type type;
  std::optional<Type> other_type = std::nullopt;
};
constexpr KeyOfType kKeysOfTypes[] = {{"colour", Type::kStderr},
                                      {"path", Type::kFile},
                                      {"max_size", Type::kFile},
                                      {"keep", Type::kFile},
                                      {"mode", Type::kFile},
                                      {"socket", Type::kJournald},
                                      {"coredumps", Type::kJournald},
                                      {"address", Type::kSyslog},
                                      {"facility", Type::kSyslog},
                                      {"app_name", Type::kSyslog},
                                      {"protocol", Type::kSyslog},
                                      {"max_message", Type::kSyslog},
                                      {"max_line", Type::kFile, Type::kStderr}};

std::string_view name_of(Type type) {
  return std::find_if(std::begin(kTypes), std::end(kTypes),
                      [type](const auto& choice) { return choice.second == type; })
      ->first;
}

void refuse_keys_of_others(TableReader& table, Type type) {
  for (const auto& [key, owner, other] : kKeysOfTypes) {
    if (owner == type || other == type || !table.has(key)) continue;
    std::string owners = "'" + std::string(name_of(owner)) + "'";
    if (other) owners += " or '" + std::string(name_of(*other)) + "'";
    table.refuse(
        key,
        "'" + std::string(key) + "' is not for a log of type '" + std::string(name_of(type)) + "'",
        "it is for type " + owners);
  }
}

void read_target(TableReader& table, Type type, LogSettings& log) {
  switch (type) {
    case Type::kStderr:
      return read_stderr_log(table, log);
    case Type::kFile:
      return read_file_log(table, log);
    case Type::kJournald:
      return read_journal_log(table, log);
    case Type::kSyslog:
      return read_syslog_log(table, log);
  }
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
      table.complain("events", "there is no event '" + name + "'", suggest(name, names));
    } else {
      filter.events.push_back(*kind);
    }
  }
}

}  // namespace

LogSettings read_log(TableReader& table) {
  LogSettings log;
  Type type = Type::kStderr;
  const bool typed = table.get("type", type, kTypes);
  if (!typed && !table.has("type")) {
    table.complain("type", "a log without a type",
                   "add type = \"file\", \"stderr\", \"journald\" or \"syslog\"");
  }
  table.get("format", log.format, kFormats);
  read_filter(table, log.filter);
  if (typed) {
    read_target(table, type, log);
    refuse_keys_of_others(table, type);
    table.refuse_unknown_keys();
  }
  return log;
}

HttpAddress read_metrics(TableReader& table) {
  HttpAddress address{"127.0.0.1", kMetricsPort};
  std::string text;
  if (table.get("listen", text)) {
    const auto listen = parse_listen_address(text);
    if (listen) address = *listen;
    if (!listen) {
      table.complain("listen", "'listen' is no address: '" + text + "'",
                     "write a number and a port: \"127.0.0.1:9464\"");
    }
  }
  table.refuse_unknown_keys();
  return address;
}

}  // namespace pyfault

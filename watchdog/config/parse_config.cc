#include "watchdog/config/parse_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "watchdog/config/control_reader.h"
#include "watchdog/config/metrics_reader.h"
#include "watchdog/config/server_url.h"
#include "watchdog/config/worker_reader.h"
#include "watchdog/log/log_reader.h"
#include "watchdog/os/read_file.h"
#include "watchdog/toml/table_reader.h"
#include "watchdog/toml/toml_document.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{4} << 20;
constexpr std::size_t kMaxName = 64;
constexpr int kMaxInstances = 1000;
constexpr std::string_view kInstance = "{instance}";

// Worker names appear in log lines, in the names of cgroups and in those of kept descriptors.
bool is_name(const std::string& name) {
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.' || c == '@';
  };
  return name.size() <= kMaxName && std::ranges::all_of(name, allowed);
}

std::string with_instance(std::string text, int instance) {
  const std::string number = std::to_string(instance);
  for (std::size_t at = text.find(kInstance); at != text.npos; at = text.find(kInstance, at)) {
    text.replace(at, kInstance.size(), number);
    at += number.size();
  }
  return text;
}

std::string name_of(const std::string& worker, int instance) {
  return fmt::format("{}#{}", worker, instance);
}

WorkerConfig instance_of(WorkerConfig worker, int instance) {
  worker.name = name_of(worker.name, instance);
  worker.directory = with_instance(std::move(worker.directory), instance);
  for (std::string& word : worker.command) word = with_instance(std::move(word), instance);
  for (auto& [name, value] : worker.environment) value = with_instance(std::move(value), instance);
  return worker;
}

class ConfigReader {
 public:
  // With `only`, the worker of that name is read and no other.
  explicit ConfigReader(const MachineChecks& checks, std::optional<std::string_view> only = {})
      : checks_(checks), only_(only) {}

  ParsedConfig read(const TomlValue::Table& file);

 private:
  void read_defaults(TableReader& top);
  void read_worker(const TomlValue& value);
  std::string text_of(const TomlValue& worker) const;
  bool read_name(TableReader& table, std::string& name);
  void check_machine(TableReader& table, const WorkerConfig& worker);
  void complain_where_it_stands(TableReader& table, const char* key, const std::string& problem);
  void read_log_of(const TomlValue& value);
  void check_workers(TableReader& table, const LogSettings& log);
  void check_path(TableReader& table, const LogSettings& log);
  void read_metrics_of(TableReader& top);
  void read_control_of(TableReader& top);
  void read_service(TableReader& top);
  void read_redaction(TableReader& service);

  const MachineChecks& checks_;
  const std::optional<std::string_view> only_;
  WorkerConfig defaults_;
  TomlValue::Table text_of_defaults_;         // the entry [defaults] of the file, if there is one
  std::map<std::string, int> default_lines_;  // the lines of the keys in [defaults]
  std::map<std::string, int> names_;          // the lines of the workers' names
  std::map<std::string, int> paths_;          // the lines of the logs' paths
  ParsedConfig parsed_;
};

ParsedConfig ConfigReader::read(const TomlValue::Table& file) {
  TableReader top(file, "the file", 0, parsed_.problems);
  read_defaults(top);
  const auto workers = top.tables("worker");
  for (const TomlValue* worker : workers) read_worker(*worker);
  for (const TomlValue* log : top.tables("log")) read_log_of(*log);
  read_metrics_of(top);
  read_control_of(top);
  read_service(top);
  top.refuse_unknown_keys();
  std::ranges::stable_sort(parsed_.problems, {}, &Problem::line);
  return std::move(parsed_);
}

void ConfigReader::read_service(TableReader& top) {
  constexpr Choice<WatchdogDeath> kFates[] = {{"leave", WatchdogDeath::kLeave},
                                              {"kill", WatchdogDeath::kKill}};
  const TomlValue::Table* table = top.table("service");
  if (!table) return;
  TableReader reader(*table, "'service'", top.line_of("service"), parsed_.problems);
  reader.get("on_watchdog_death", parsed_.config.on_watchdog_death, kFates);
  std::string& minidumps = parsed_.config.minidumps;
  if (reader.get("minidumps", minidumps) && !minidumps.starts_with('/')) {
    reader.add_error("minidumps", "'minidumps' is relative", "begin it with /");
  }
  std::vector<std::string>& servers = parsed_.config.debuginfod;
  reader.get("debuginfod", servers);
  for (const std::string& server : servers) {
    if (is_server_url(server)) continue;
    reader.add_error("debuginfod", fmt::format("'{}' is no URL", server),
                     "write one such as \"https://debuginfod.debian.net\"");
  }
  read_redaction(reader);
  reader.get("guests", parsed_.config.guests);
  reader.refuse_unknown_keys();
}

void ConfigReader::read_redaction(TableReader& service) {
  RedactionSettings& redaction = parsed_.config.redaction;
  redaction.is_on = !service.take_none("redact");
  if (!redaction.is_on || !service.get("redact", redaction.words)) return;
  for (const std::string& word : redaction.words) {
    if (is_redaction_word(word)) continue;
    service.add_error("redact", fmt::format("'{}' is no word of a key", word),
                      "use letters and digits");
  }
}

void ConfigReader::read_defaults(TableReader& top) {
  const TomlValue::Table* table = top.table("defaults");
  if (!table) return;
  text_of_defaults_.push_back({"defaults", 0, {0, *table}});
  TableReader reader(*table, "'defaults'", top.line_of("defaults"), parsed_.problems);
  read_worker_settings(reader, parsed_.problems, defaults_);
  for (const TomlEntry& entry : *table) default_lines_[entry.key] = entry.line;
  for (const char* key : {"name", "command", "instances"}) {
    reader.refuse(key, fmt::format("'{}' is each worker's own", key), "move it to a [[worker]]");
  }
  reader.refuse_unknown_keys();
}

void ConfigReader::read_worker(const TomlValue& value) {
  TableReader table(std::get<TomlValue::Table>(value.value), "a worker", value.line,
                    parsed_.problems);
  WorkerConfig worker = defaults_;
  int instances = 1;
  const bool named = read_name(table, worker.name);
  if (!table.get("command", worker.command) && !table.has("command")) {
    table.add_error("command", "a worker without a command",
                    "add command = [\"PROGRAM\", \"ARGUMENT\"]");
  }
  table.get("instances", instances, 1, kMaxInstances);
  read_worker_settings(table, parsed_.problems, worker);
  table.refuse_unknown_keys();
  if (!named || worker.command.empty()) return;
  worker.text = text_of(value);
  for (int instance = 1; instance <= instances; ++instance) {
    if (only_ && table.has("instances") && *only_ != name_of(worker.name, instance)) continue;
    auto each = table.has("instances") ? instance_of(worker, instance) : worker;
    if (instance == 1) check_machine(table, each);
    parsed_.config.workers.push_back(std::move(each));
  }
}

std::string ConfigReader::text_of(const TomlValue& worker) const {
  TomlValue::Table file = text_of_defaults_;
  file.push_back({"worker", 0, {0, TomlValue::List{worker}}});
  return to_toml(file);
}

bool ConfigReader::read_name(TableReader& table, std::string& name) {
  if (!table.get("name", name)) {
    if (!table.has("name")) {
      table.add_error("name", "a worker without a name", "add name = \"...\"");
    }
    return false;
  }
  if (!is_name(name)) {
    table.add_error("name", "'name' is not a valid worker name",
                    "use up to 64 letters, digits, '-', '_', '.' and '@'");
    return false;
  }
  const auto [first, added] = names_.try_emplace(name, table.line_of("name"));
  if (!added) {
    table.add_error("name", fmt::format("there are two workers '{}'", name),
                    fmt::format("the other is on line {}", first->second));
  }
  return added;
}

void ConfigReader::check_machine(TableReader& table, const WorkerConfig& worker) {
  const auto stands = [&](const char* key, const std::string& problem) {
    if (!problem.empty()) complain_where_it_stands(table, key, problem);
    return problem.empty();
  };
  const std::string identity = checks_.identity(worker);
  const bool has_user = table.has("user") || default_lines_.contains("user");
  const bool is_group = !has_user || identity.starts_with("there is no group");
  stands(is_group ? "group" : "user", identity);
  // A relative program is looked up in the directory, so that has to be right first.
  if (!stands("directory", checks_.directory(worker))) return;
  const std::string program = checks_.program(worker);
  const bool is_python =
      worker.python && program.find('\'' + *worker.python + '\'') != program.npos;
  stands(is_python ? "python" : "command", program);
}

// A problem with a setting that comes from [defaults] is reported there, once.
void ConfigReader::complain_where_it_stands(TableReader& table, const char* key,
                                            const std::string& problem) {
  const auto line = default_lines_.find(key);
  if (table.has(key) || line == default_lines_.end()) return table.add_error(key, problem);
  const bool is_told = std::ranges::any_of(parsed_.problems, [&](const Problem& each) {
    return each.line == line->second && each.message == problem;
  });
  if (!is_told) parsed_.problems.push_back({line->second, problem, ""});
}

void ConfigReader::read_log_of(const TomlValue& value) {
  TableReader table(std::get<TomlValue::Table>(value.value), "a log", value.line, parsed_.problems);
  LogSettings log = read_log(table);
  check_workers(table, log);
  check_path(table, log);
  parsed_.config.logs.push_back(std::move(log));
}

// To be called after all workers have been read.
void ConfigReader::check_workers(TableReader& table, const LogSettings& log) {
  std::vector<std::string_view> known;
  for (const auto& [name, line] : names_) known.push_back(name);
  for (const WorkerConfig& worker : parsed_.config.workers) known.push_back(worker.name);
  for (const std::string& name : log.filter.workers) {
    if (std::ranges::find(known, name) != known.end()) continue;
    table.add_error("workers", fmt::format("there is no worker '{}'", name), suggest(name, known));
  }
}

// Two logs in one file would both rotate it.
void ConfigReader::check_path(TableReader& table, const LogSettings& log) {
  const auto* file = std::get_if<FileLog>(&log.target);
  if (!file || file->path.empty()) return;
  const auto [first, added] = paths_.try_emplace(file->path, table.line_of("path"));
  if (!added) {
    table.add_error("path", fmt::format("two logs go to '{}'", file->path),
                    fmt::format("the other is on line {}", first->second));
  }
}

void ConfigReader::read_metrics_of(TableReader& top) {
  const TomlValue::Table* table = top.table("metrics");
  if (!table) return;
  TableReader reader(*table, "'metrics'", top.line_of("metrics"), parsed_.problems);
  parsed_.config.metrics = read_metrics(reader);
}

void ConfigReader::read_control_of(TableReader& top) {
  const TomlValue::Table* table = top.table("control");
  if (!table) return;
  TableReader reader(*table, "'control'", top.line_of("control"), parsed_.problems);
  parsed_.config.control = read_control(reader);
}

}  // namespace

ParsedConfig parse_config(std::string_view text, const MachineChecks& checks) {
  const auto document = parse_toml(text);
  if (const auto* error = std::get_if<TomlError>(&document)) {
    return {{}, {{error->line, error->message, ""}}};
  }
  return ConfigReader(checks).read(std::get<TomlValue::Table>(document));
}

std::optional<WorkerConfig> parse_worker(std::string_view text, std::string_view name) {
  const auto document = parse_toml(text);
  const auto* file = std::get_if<TomlValue::Table>(&document);
  if (!file) return std::nullopt;
  ParsedConfig parsed = ConfigReader(MachineChecks{}, name).read(*file);
  const auto found = std::ranges::find(parsed.config.workers, name, &WorkerConfig::name);
  return found == parsed.config.workers.end() ? std::nullopt : std::optional(std::move(*found));
}

LoadedConfig load_config(const std::string& file, const MachineChecks& checks) {
  auto text = read_file(file, kMaxFileBytes);
  if (text) return {parse_config(*text, checks), std::move(*text)};
  const std::string reason = std::generic_category().message(errno);
  return {{{}, {{0, "cannot be read: " + reason, ""}}}, ""};
}

}  // namespace pyfault

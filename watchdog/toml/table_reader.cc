#include "watchdog/toml/table_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "watchdog/toml/quantity.h"

namespace pyfault {
namespace {

constexpr mode_t kMaxMode = 0777;

const char* type_of(const TomlValue& value) {
  constexpr const char* kNames[] = {"a date or time", "true or false", "an integer", "a number",
                                    "a string",       "a list",        "a table"};
  return kNames[value.value.index()];
}

std::string quoted(std::string_view text) {
  return fmt::format("'{}'", text);
}

// Converts a command that was written as one string into the array it should have been, for a
// suggestion.
std::string as_list(std::string_view text) {
  std::string list = "[";
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) list += (list.size() > 1 ? ", \"" : "\"") + std::string(text.substr(0, end)) + '"';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list + "]";
}

// A NUL would truncate the text as a C string.
bool is_text(const std::string& text) {
  return text.find('\0') == text.npos;
}

// An integer or a floating-point number.
std::optional<double> number_of(const TomlValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.value)) {
    return static_cast<double>(*whole);
  }
  const auto* number = std::get_if<double>(&value.value);
  return number ? std::optional(*number) : std::nullopt;
}

std::optional<mode_t> parse_mode(const std::string& octal) {
  const char* const end = octal.data() + octal.size();
  mode_t mode = 0;
  const auto parsed = std::from_chars(octal.data(), end, mode, 8);
  const bool is_mode = parsed.ec == std::errc() && parsed.ptr == end && mode <= kMaxMode;
  return is_mode ? std::optional(mode) : std::nullopt;
}

}  // namespace

const TomlEntry* TableReader::find(std::string_view key) const {
  const auto found = std::ranges::find(table_, key, &TomlEntry::key);
  return found == table_.end() ? nullptr : &*found;
}

const TomlValue* TableReader::take(std::string_view key) {
  known_.push_back(key);
  const TomlEntry* entry = find(key);
  return entry ? &entry->value : nullptr;
}

int TableReader::line_of(std::string_view key) const {
  const TomlEntry* entry = find(key);
  return entry ? entry->line : line_;
}

void TableReader::add_error(std::string_view key, std::string message, std::string suggestion) {
  problems_.push_back({line_of(key), std::move(message), std::move(suggestion)});
}

void TableReader::wrong_type(const TomlValue& value, std::string_view key,
                             std::string_view wanted) {
  problems_.push_back({value.line, fmt::format("'{}' is {}", key, type_of(value)),
                       fmt::format("it takes {}", wanted)});
}

template <typename Type>
const Type* TableReader::take_as(std::string_view key, std::string_view wanted) {
  const TomlValue* value = take(key);
  const auto* given = value ? std::get_if<Type>(&value->value) : nullptr;
  if (value && !given) wrong_type(*value, key, wanted);
  return given;
}

bool TableReader::take_none(std::string_view key) {
  const TomlEntry* entry = find(key);
  const auto* text = entry ? std::get_if<std::string>(&entry->value.value) : nullptr;
  if (!text || *text != "none") return false;
  take(key);
  return true;
}

bool TableReader::get(std::string_view key, std::string& text) {
  const auto* given = take_as<std::string>(key, "a string");
  if (!given) return false;
  if (given->empty() || !is_text(*given)) {
    add_error(key, quoted(key) + (given->empty() ? " is empty" : " holds a NUL"),
              given->empty() ? "leave it out" : "");
    return false;
  }
  text = *given;
  return true;
}

bool TableReader::get(std::string_view key, std::vector<std::string>& words) {
  const TomlValue* value = take(key);
  if (!value) return false;
  if (const auto* text = std::get_if<std::string>(&value->value)) {
    add_error(key, quoted(key) + " must be a list; it is not passed to a shell",
              "write " + as_list(*text));
    return false;
  }
  const auto* list = std::get_if<TomlValue::List>(&value->value);
  if (!list) {
    wrong_type(*value, key, "a list of strings");
    return false;
  }
  std::vector<std::string> read;
  for (const TomlValue& each : *list) {
    const auto* word = std::get_if<std::string>(&each.value);
    if (word && is_text(*word)) {
      read.push_back(*word);
    } else {
      problems_.push_back(
          {each.line, fmt::format("'{}' holds {}{}", key, type_of(each), word ? " with a NUL" : ""),
           "it takes a list of strings"});
    }
  }
  if (list->empty()) add_error(key, quoted(key) + " is an empty list");
  if (read.empty() || read.size() != list->size()) return false;
  words = std::move(read);
  return true;
}

bool TableReader::get(std::string_view key, std::map<std::string, std::string>& texts) {
  const TomlValue::Table* given = table(key);
  if (!given) return false;
  for (const TomlEntry& entry : *given) {
    const auto* text = std::get_if<std::string>(&entry.value.value);
    if (!text || !is_text(*text)) {
      wrong_type(entry.value, entry.key, "a string, in quotes");
    } else if (entry.key.empty() || entry.key.find('=') != entry.key.npos || !is_text(entry.key)) {
      problems_.push_back({entry.line, quoted(entry.key) + " can't be the name of a variable", ""});
    } else {
      texts[entry.key] = *text;
    }
  }
  return true;
}

bool TableReader::get(std::string_view key, bool& truth) {
  const auto* given = take_as<bool>(key, "true or false, without quotes");
  if (given) truth = *given;
  return given != nullptr;
}

bool TableReader::get(std::string_view key, int& number, int least, int most) {
  const auto* given = take_as<std::int64_t>(key, "an integer");
  if (!given) return false;
  if (*given < least || *given > most) {
    add_error(key, fmt::format("'{}' is {}", key, *given),
              fmt::format("it takes {} to {}", least, most));
    return false;
  }
  number = static_cast<int>(*given);
  return true;
}

bool TableReader::get(std::string_view key, double& number) {
  const TomlValue* value = take(key);
  if (!value) return false;
  const std::optional<double> given = number_of(*value);
  if (!given) {
    wrong_type(*value, key, "a number");
    return false;
  }
  number = *given;
  return true;
}

bool TableReader::get(std::string_view key, std::chrono::milliseconds& time) {
  const TomlValue* value = take(key);
  if (!value) return false;
  const auto* text = std::get_if<std::string>(&value->value);
  const std::optional<double> seconds = number_of(*value);
  const auto given = text      ? parse_duration(*text)
                     : seconds ? duration_of_seconds(*seconds)
                               : std::nullopt;
  if (!given) {
    add_error(key, quoted(key) + " is not a duration",
              "write a number of seconds, or a string such as \"500ms\", \"30s\" or \"1h 30min\"");
    return false;
  }
  time = *given;
  return true;
}

bool TableReader::get_signal(std::string_view key, int& signal) {
  constexpr std::string_view kUsual[] = {"TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"};
  const TomlValue* value = take(key);
  if (!value) return false;
  const auto* name = std::get_if<std::string>(&value->value);
  const auto* number = std::get_if<std::int64_t>(&value->value);
  const auto given = name     ? parse_signal(*name)
                     : number ? parse_signal(std::to_string(*number))
                              : std::nullopt;
  if (!given) {
    add_error(key, fmt::format("'{}' is not a signal{}", key, name ? ": " + quoted(*name) : ""),
              name ? suggest(*name, kUsual) : "write a name such as \"TERM\"");
    return false;
  }
  signal = *given;
  return true;
}

bool TableReader::get_signal_or_none(std::string_view key, int& signal) {
  if (!take_none(key)) return get_signal(key, signal);
  signal = 0;
  return true;
}

bool TableReader::get_signals_or_none(std::string_view key, std::vector<int>& signals) {
  if (take_none(key)) {
    signals.clear();
    return true;
  }
  std::vector<std::string> names;
  if (!get(key, names)) return false;
  auto given = parse_handled_signals(names);
  if (!given) {
    add_error(key, quoted(key) + " names a signal that a program cannot handle",
              "write names such as [\"ABRT\", \"TERM\"], none of a real-time signal, or \"none\"");
    return false;
  }
  signals = *std::move(given);
  return true;
}

// The mode has to be a string: a bare 22 is decimal in TOML, which is hardly ever meant.
bool TableReader::get_mode(std::string_view key, std::optional<mode_t>& mode) {
  const TomlValue* value = take(key);
  if (!value) return false;
  const auto* text = std::get_if<std::string>(&value->value);
  const std::optional<mode_t> given = text ? parse_mode(*text) : std::nullopt;
  if (!given) {
    add_error(key, quoted(key) + " is not a file mode", "write it in octal and in quotes: \"027\"");
    return false;
  }
  mode = given;
  return true;
}

bool TableReader::get_size(std::string_view key, std::uint64_t& bytes) {
  std::string text;
  if (!get(key, text)) return false;
  const auto given = parse_size(text);
  if (!given || *given == 0) {
    add_error(key, fmt::format("'{}' is not a size: '{}'", key, text),
              "write a string such as \"512K\" or \"50MiB\"");
    return false;
  }
  bytes = *given;
  return true;
}

std::optional<std::size_t> TableReader::choose(std::string_view key,
                                               std::span<const std::string_view> names) {
  const auto* given = take_as<std::string>(key, "a string");
  if (!given) return std::nullopt;
  const auto found = std::ranges::find(names, *given);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  add_error(key, fmt::format("'{}' can't be '{}'", key, *given), suggest(*given, names));
  return std::nullopt;
}

const TomlValue::Table* TableReader::table(std::string_view key) {
  return take_as<TomlValue::Table>(key, "a table");
}

std::vector<const TomlValue*> TableReader::tables(std::string_view key) {
  const TomlValue* value = take(key);
  if (!value) return {};
  std::vector<const TomlValue*> all;
  if (const auto* list = std::get_if<TomlValue::List>(&value->value)) {
    for (const TomlValue& each : *list) {
      if (std::holds_alternative<TomlValue::Table>(each.value)) all.push_back(&each);
    }
    if (all.size() == list->size()) return all;
  }
  problems_.push_back({value->line, fmt::format("'{}' is {}", key, type_of(*value)),
                       fmt::format("write [[{}]], with two brackets, before each", key)});
  return all;
}

void TableReader::refuse(std::string_view key, std::string message, std::string suggestion) {
  if (take(key)) add_error(key, std::move(message), std::move(suggestion));
}

void TableReader::refuse_unknown_keys() {
  for (const TomlEntry& entry : table_) {
    if (std::ranges::find(known_, entry.key) != known_.end()) continue;
    problems_.push_back({entry.line, fmt::format("{} has no key '{}'", what_, entry.key),
                         suggest(entry.key, known_)});
  }
}

}  // namespace pyfault

#include "watchdog/toml/table_reader.h"

#include <algorithm>
#include <charconv>

#include "watchdog/toml/quantity.h"

namespace pyfault {
namespace {

constexpr int kMaxMode = 0777;

const char* type_of(const TomlValue& value) {
  constexpr const char* kNames[] = {"a date or time", "true or false", "an integer", "a number",
                                    "a string",       "a list",        "a table"};
  return kNames[value.value.index()];
}

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
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
  problems_.push_back(
      {value.line, quoted(key) + " is " + type_of(value), "it takes " + std::string(wanted)});
}

bool TableReader::get(std::string_view key, std::string& text) {
  const TomlValue* value = take(key);
  if (!value) return false;
  const auto* given = std::get_if<std::string>(&value->value);
  if (!given) {
    wrong_type(*value, key, "a string");
  } else if (given->empty() || !is_text(*given)) {
    add_error(key, quoted(key) + (given->empty() ? " is empty" : " holds a NUL"),
              given->empty() ? "leave it out" : "");
  } else {
    text = *given;
    return true;
  }
  return false;
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
  if (!list) return wrong_type(*value, key, "a list of strings"), false;
  std::vector<std::string> read;
  for (const TomlValue& each : *list) {
    const auto* word = std::get_if<std::string>(&each.value);
    if (word && is_text(*word)) {
      read.push_back(*word);
    } else {
      problems_.push_back({each.line,
                           quoted(key) + " holds " + type_of(each) + (word ? " with a NUL" : ""),
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
  const TomlValue* value = take(key);
  if (!value) return false;
  const bool* given = std::get_if<bool>(&value->value);
  if (!given) return wrong_type(*value, key, "true or false, without quotes"), false;
  truth = *given;
  return true;
}

bool TableReader::get(std::string_view key, int& number, int least, int most) {
  const TomlValue* value = take(key);
  if (!value) return false;
  const auto* given = std::get_if<std::int64_t>(&value->value);
  if (!given) return wrong_type(*value, key, "an integer"), false;
  if (*given < least || *given > most) {
    add_error(key, quoted(key) + " is " + std::to_string(*given),
              "it takes " + std::to_string(least) + " to " + std::to_string(most));
    return false;
  }
  number = static_cast<int>(*given);
  return true;
}

bool TableReader::get(std::string_view key, double& number) {
  const TomlValue* value = take(key);
  if (!value) return false;
  if (const auto* whole = std::get_if<std::int64_t>(&value->value)) {
    number = static_cast<double>(*whole);
  } else if (const auto* given = std::get_if<double>(&value->value)) {
    number = *given;
  } else {
    return wrong_type(*value, key, "a number"), false;
  }
  return true;
}

bool TableReader::get(std::string_view key, std::chrono::milliseconds& time) {
  const TomlValue* value = take(key);
  if (!value) return false;
  std::optional<std::chrono::milliseconds> read;
  if (const auto* text = std::get_if<std::string>(&value->value)) read = parse_duration(*text);
  if (const auto* whole = std::get_if<std::int64_t>(&value->value)) {
    read = duration_of_seconds(static_cast<double>(*whole));
  }
  if (const auto* number = std::get_if<double>(&value->value)) read = duration_of_seconds(*number);
  if (read) return time = *read, true;
  add_error(key, quoted(key) + " is not a duration",
            "write a number of seconds, or a string such as \"500ms\", \"30s\" or \"1h 30min\"");
  return false;
}

bool TableReader::get_signal(std::string_view key, int& signal) {
  const TomlValue* value = take(key);
  if (!value) return false;
  std::optional<int> read;
  const auto* name = std::get_if<std::string>(&value->value);
  if (name) read = parse_signal(*name);
  if (const auto* number = std::get_if<std::int64_t>(&value->value)) {
    read = parse_signal(std::to_string(*number));
  }
  if (read) return signal = *read, true;
  constexpr std::string_view kUsual[] = {"TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"};
  add_error(key, quoted(key) + (name ? " is not a signal: " + quoted(*name) : " is not a signal"),
            name ? suggest(*name, kUsual) : "write a name such as \"TERM\"");
  return false;
}

bool TableReader::get_signal_or_none(std::string_view key, int& signal) {
  const TomlEntry* entry = find(key);
  const auto* name = entry ? std::get_if<std::string>(&entry->value.value) : nullptr;
  if (!name || *name != "none") return get_signal(key, signal);
  take(key);
  signal = 0;
  return true;
}

bool TableReader::get_signals_or_none(std::string_view key, std::vector<int>& signals) {
  const TomlEntry* entry = find(key);
  const auto* name = entry ? std::get_if<std::string>(&entry->value.value) : nullptr;
  if (name && *name == "none") {
    take(key);
    signals.clear();
    return true;
  }
  std::vector<std::string> names;
  if (!get(key, names)) return false;
  const auto read = parse_handled_signals(names);
  if (read) return signals = *read, true;
  add_error(key, quoted(key) + " names a signal that a program cannot handle",
            "write names such as [\"ABRT\", \"TERM\"], none of a real-time signal, or \"none\"");
  return false;
}

// The mode has to be a string: a bare 22 is decimal in TOML, which is hardly ever meant.
bool TableReader::get_mode(std::string_view key, std::optional<mode_t>& mode) {
  const TomlValue* value = take(key);
  if (!value) return false;
  const auto* text = std::get_if<std::string>(&value->value);
  unsigned read = kMaxMode + 1;
  if (text) {
    const char* end = text->data() + text->size();
    if (std::from_chars(text->data(), end, read, 8).ptr != end) read = kMaxMode + 1;
  }
  if (read <= kMaxMode && !text->empty()) return mode = read, true;
  add_error(key, quoted(key) + " is not a file mode", "write it in octal and in quotes: \"027\"");
  return false;
}

bool TableReader::get_size(std::string_view key, std::uint64_t& bytes) {
  std::string text;
  if (!get(key, text)) return false;
  const auto read = parse_size(text);
  if (!read || *read == 0) {
    add_error(key, quoted(key) + " is not a size: " + quoted(text),
              "write a string such as \"512K\" or \"50MiB\"");
    return false;
  }
  bytes = *read;
  return true;
}

std::optional<std::size_t> TableReader::choose(std::string_view key,
                                               std::span<const std::string_view> names) {
  const TomlValue* value = take(key);
  if (!value) return std::nullopt;
  const auto* given = std::get_if<std::string>(&value->value);
  if (!given) return wrong_type(*value, key, "a string"), std::nullopt;
  const auto found = std::ranges::find(names, *given);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  add_error(key, quoted(key) + " can't be " + quoted(*given), suggest(*given, names));
  return std::nullopt;
}

const TomlValue::Table* TableReader::table(std::string_view key) {
  const TomlValue* value = take(key);
  if (!value) return nullptr;
  const auto* given = std::get_if<TomlValue::Table>(&value->value);
  if (!given) wrong_type(*value, key, "a table");
  return given;
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
  problems_.push_back({value->line, quoted(key) + " is " + type_of(*value),
                       "write [[" + std::string(key) + "]], with two brackets, before each"});
  return all;
}

void TableReader::refuse(std::string_view key, std::string message, std::string suggestion) {
  if (take(key)) add_error(key, std::move(message), std::move(suggestion));
}

void TableReader::refuse_unknown_keys() {
  for (const TomlEntry& entry : table_) {
    if (std::ranges::find(known_, entry.key) != known_.end()) continue;
    problems_.push_back(
        {entry.line, what_ + " has no key " + quoted(entry.key), suggest(entry.key, known_)});
  }
}

}  // namespace pyfault

#include "watchdog/toml/toml_document.h"

#include <fmt/format.h>

#include <utility>

// Some malformed documents, such as "a = [}", break assertions of toml++ 3.3, which would abort, or
// with NDEBUG be assumed to hold. Without them it finds the syntax error.
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#include <toml++/toml.h>

namespace pyfault {
namespace {

int line_of(const toml::source_region& source) {
  return static_cast<int>(source.begin.line);
}

TomlValue convert(const toml::node& node);

TomlValue::Table convert_table(const toml::table& table) {
  TomlValue::Table entries;
  for (const auto& [key, value] : table) {
    entries.push_back({std::string(key.str()), line_of(key.source()), convert(value)});
  }
  return entries;
}

TomlValue::List convert_list(const toml::array& array) {
  TomlValue::List values;
  for (const toml::node& node : array) values.push_back(convert(node));
  return values;
}

TomlValue convert(const toml::node& node) {
  TomlValue value{line_of(node.source()), {}};
  if (const auto* table = node.as_table()) value.value = convert_table(*table);
  if (const auto* array = node.as_array()) value.value = convert_list(*array);
  if (const auto* text = node.as_string()) value.value = text->get();
  if (const auto* number = node.as_integer()) value.value = number->get();
  if (const auto* number = node.as_floating_point()) value.value = number->get();
  if (const auto* truth = node.as_boolean()) value.value = truth->get();
  return value;
}

// A basic string, in which every character can be escaped.
std::string quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted.append({'\\', c});
    } else if (byte < 0x20 || byte == 0x7f) {
      quoted += fmt::format("\\u{:04X}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

struct Written {
  std::string operator()(const TomlOther&) const { return ""; }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
  std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
  std::string operator()(double number) const {
    const std::string text = fmt::format("{}", number);
    return text.find_first_of(".en") == text.npos ? text + ".0" : text;  // else it is an integer
  }
  std::string operator()(const std::string& text) const { return quoted(text); }
  std::string operator()(const TomlValue::List& list) const {
    std::vector<std::string> values;
    for (const TomlValue& each : list) add(std::visit(*this, each.value), values);
    return fmt::format("[{}]", fmt::join(values, ", "));
  }
  std::string operator()(const TomlValue::Table& table) const {
    return fmt::format("{{{}}}", fmt::join(entries(table), ", "));
  }

  static std::vector<std::string> entries(const TomlValue::Table& table) {
    std::vector<std::string> entries;
    for (const TomlEntry& entry : table) {
      const std::string value = std::visit(Written(), entry.value.value);
      if (!value.empty()) entries.push_back(fmt::format("{} = {}", quoted(entry.key), value));
    }
    return entries;
  }
  static void add(std::string value, std::vector<std::string>& values) {
    if (!value.empty()) values.push_back(std::move(value));
  }
};

}  // namespace

// toml++ could write it, but not every text and key so that it reads them as they were.
std::string to_toml(const TomlValue::Table& table) {
  return fmt::format("{}\n", fmt::join(Written::entries(table), "\n"));
}

std::variant<TomlValue::Table, TomlError> parse_toml(std::string_view text) try {
  return convert_table(toml::parse(text));
} catch (const toml::parse_error& error) {
  return TomlError{line_of(error.source()), std::string(error.description())};
}

}  // namespace pyfault

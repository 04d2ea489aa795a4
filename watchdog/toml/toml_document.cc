#include "watchdog/toml/toml_document.h"

#include <toml++/toml.h>

#include <sstream>
#include <utility>

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

toml::table node_of(const TomlValue::Table& entries);

struct Inserter {
  toml::array& to;

  void operator()(const TomlOther&) const {}
  void operator()(const auto& value) const { to.push_back(value); }
  void operator()(const TomlValue::Table& table) const { to.push_back(node_of(table)); }
  void operator()(const TomlValue::List& list) const {
    toml::array inner;
    for (const TomlValue& each : list) std::visit(Inserter{inner}, each.value);
    to.push_back(std::move(inner));
  }
};

toml::table node_of(const TomlValue::Table& entries) {
  toml::table table;
  for (const TomlEntry& entry : entries) {
    toml::array one;
    std::visit(Inserter{one}, entry.value.value);
    if (!one.empty()) table.insert(entry.key, std::move(*one.get(0)));
  }
  return table;
}

}  // namespace

std::string to_toml(const TomlValue::Table& table) {
  std::ostringstream text;
  text << node_of(table);
  return std::move(text).str();
}

std::variant<TomlValue::Table, TomlError> parse_toml(std::string_view text) try {
  return convert_table(toml::parse(text));
} catch (const toml::parse_error& error) {
  return TomlError{line_of(error.source()), std::string(error.description())};
}

}  // namespace pyfault

#include "watchdog/toml/toml_document.h"

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

}  // namespace

std::variant<TomlValue::Table, TomlError> parse_toml(std::string_view text) try {
  return convert_table(toml::parse(text));
} catch (const toml::parse_error& error) {
  return TomlError{line_of(error.source()), std::string(error.description())};
}

}  // namespace pyfault

// Parses a TOML file into plain values with line numbers. Knows the syntax, but no keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pyfault {

struct TomlEntry;

struct TomlOther {};  // a date or a time, which no key accepts

struct TomlValue {
  using List = std::vector<TomlValue>;
  using Table = std::vector<TomlEntry>;

  int line = 0;
  std::variant<TomlOther, bool, std::int64_t, double, std::string, List, Table> value;
};

struct TomlEntry {
  std::string key;
  int line = 0;  // of the key
  TomlValue value;
};

struct TomlError {
  int line = 0;
  std::string message;
};

// Returns a text that parses to this table, but for comments, layout and values of type TomlOther.
std::string to_toml(const TomlValue::Table& table);

// Returns the top-level table, or the first syntax error. Parsing does not continue after that.
std::variant<TomlValue::Table, TomlError> parse_toml(std::string_view text);

}  // namespace pyfault

// A TOML file as plain values, each with the line that it stands on. Knows the syntax and no key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pyfault {

struct TomlEntry;

struct TomlOther {};  // a date or a time, which no key of ours takes

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

// The file's table, or the first error of syntax: what comes after that can't be told.
std::variant<TomlValue::Table, TomlError> parse_toml(std::string_view text);

}  // namespace pyfault

// Reads one TOML table: each key into a value of its type. Problems are noted and reading
// continues, so all of them can be reported at once.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "watchdog/toml/problem.h"
#include "watchdog/toml/toml_document.h"

namespace pyfault {

template <typename Enum>
using Choice = std::pair<std::string_view, Enum>;

// A missing or wrong key leaves the value unchanged. `get` returns whether the key was present and
// valid.
class TableReader {
 public:
  // `what` names the table in messages ("a worker"), `line` is where it begins. `table` and
  // `problems` must outlive the reader.
  TableReader(const TomlValue::Table& table, std::string what, int line,
              std::vector<Problem>& problems)
      : table_(table), what_(std::move(what)), line_(line), problems_(problems) {}

  bool get(std::string_view key, std::string& text);  // not empty
  bool get(std::string_view key, std::vector<std::string>& words);
  bool get(std::string_view key, std::map<std::string, std::string>& texts);
  bool get(std::string_view key, bool& truth);
  bool get(std::string_view key, int& number, int least, int most);
  bool get(std::string_view key, double& number);
  bool get(std::string_view key, std::chrono::milliseconds& time);
  bool get_signal(std::string_view key, int& signal);
  bool get_signal_or_none(std::string_view key, int& signal);                 // "none": 0
  bool get_signals_or_none(std::string_view key, std::vector<int>& signals);  // "none": empty
  // Takes the key if its value is "none".
  bool take_none(std::string_view key);
  bool get_mode(std::string_view key, std::optional<mode_t>& mode);
  bool get_size(std::string_view key, std::uint64_t& bytes);  // more than 0

  template <typename Enum, std::size_t kCount>
  bool get(std::string_view key, Enum& value, const Choice<Enum> (&choices)[kCount]) {
    std::vector<std::string_view> names;
    for (const auto& choice : choices) names.push_back(choice.first);
    const auto at = choose(key, names);
    if (at) value = choices[*at].second;
    return at.has_value();
  }

  // Returns the index of the name that is the key's value.
  std::optional<std::size_t> choose(std::string_view key, std::span<const std::string_view> names);

  // Returns the subtable `key`, or nullptr.
  const TomlValue::Table* table(std::string_view key);
  // Returns all tables of the array [[key]].
  std::vector<const TomlValue*> tables(std::string_view key);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  int line_of(std::string_view key) const;  // the line of the table if the key is missing
  void add_error(std::string_view key, std::string message, std::string suggestion = "");

  // Notes a problem if the table has this key, which is valid only elsewhere.
  void refuse(std::string_view key, std::string message, std::string suggestion);

  // The keys that have been requested so far.
  const std::vector<std::string_view>& known_keys() const { return known_; }

  // Notes the keys that were never requested. Must be the last call.
  void refuse_unknown_keys();

 private:
  const TomlEntry* find(std::string_view key) const;
  const TomlValue* take(std::string_view key);
  // Returns the value if it has this type. Another type is a problem; `wanted` is what it takes.
  template <typename Type>
  const Type* take_as(std::string_view key, std::string_view wanted);
  void wrong_type(const TomlValue& value, std::string_view key, std::string_view wanted);

  const TomlValue::Table& table_;
  std::string what_;
  int line_;
  std::vector<Problem>& problems_;
  std::vector<std::string_view> known_;
};

}  // namespace pyfault

// Reads one TOML table: each key into a value of its type. What is wrong is noted and reading goes
// on, so that all problems are known at the end.
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

// Keys that are missing or wrong leave the value as it was. `get` returns whether it was there and
// right.
class TableReader {
 public:
  // `what` names the table in messages ("a worker"), `line` is where it begins. The references are
  // kept.
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

  // Which of the names the key has, by index.
  std::optional<std::size_t> choose(std::string_view key, std::span<const std::string_view> names);

  // A table within, or nullptr.
  const TomlValue::Table* table(std::string_view key);
  // All tables of [[key]].
  std::vector<const TomlValue*> tables(std::string_view key);

  bool has(std::string_view key) const { return find(key) != nullptr; }
  int line_of(std::string_view key) const;  // of the table, where it is missing
  void add_error(std::string_view key, std::string message, std::string suggestion = "");

  // For a key that is right elsewhere.
  void refuse(std::string_view key, std::string message, std::string suggestion);

  // The keys that were asked for until now.
  const std::vector<std::string_view>& known_keys() const { return known_; }

  // To be called last: notes the keys that were not asked for.
  void refuse_unknown_keys();

 private:
  const TomlEntry* find(std::string_view key) const;
  const TomlValue* take(std::string_view key);
  void wrong_type(const TomlValue& value, std::string_view key, std::string_view wanted);

  const TomlValue::Table& table_;
  std::string what_;
  int line_;
  std::vector<Problem>& problems_;
  std::vector<std::string_view> known_;
};

}  // namespace pyfault

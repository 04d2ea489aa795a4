// Replaces secrets in what events quote of the watched programs: annotations, breadcrumbs, and
// command lines. The output of a program, its last words and the source lines of its traceback are
// reported as they are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "watchdog/event/event.h"

namespace pyfault {

inline constexpr std::string_view kRedacted = "[redacted]";

struct RedactionSettings {
  bool is_on = true;
  std::vector<std::string> words{};  // beside those of redaction.cc

  bool operator==(const RedactionSettings&) const = default;
};

// Whether the word can be compared to a key: it has a letter or a digit.
bool is_redaction_word(std::string_view word);

class Redaction {
 public:
  explicit Redaction(const RedactionSettings& settings = {});

  // Whether the value of this key is a secret: one of its words, or several that follow each other,
  // ends in a word of the list, or all of it in auth or pwd. Case and what separates the words do
  // not matter, nor do a plural and a number: db_password, X-Api-Key, accessToken2 and PGPASSWORD
  // are such keys, tokenizer is not.
  bool is_secret(std::string_view key) const;

  // Replaces the values of such keys wherever the text has them as `key=value`, `key: value`,
  // `"key": "value"` or `--key value`, the password in a URL, and what password_options.h knows.
  // In linear time.
  std::string redact(std::string_view text) const;

  // As above, for words that may be options, assignments, or anything else.
  void redact(std::vector<std::string>& command) const;

  void redact(Event& event) const;

 private:
  void redact(std::vector<Annotation>& annotations) const;
  void redact(Context& context) const;

  bool is_on_;
  std::vector<std::string> words_;  // lower case, letters and digits only
};

}  // namespace pyfault

#include "watchdog/event/password_options.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>

namespace pyfault {

// How the value of an option follows, and what of it is secret.
enum class PasswordForm {
  kJoined,       // -pSECRET; a word of its own is something else
  kWhole,        // -p SECRET, -pSECRET
  kBehindColon,  // -u NAME:SECRET, -uNAME:SECRET
};

struct PasswordOption {
  std::string_view program;
  std::string_view name;
  PasswordForm form;
};

namespace {

constexpr PasswordOption kOptions[] = {
    {"mysql", "-p", PasswordForm::kJoined},
    {"mysqladmin", "-p", PasswordForm::kJoined},
    {"mysqlcheck", "-p", PasswordForm::kJoined},
    {"mysqldump", "-p", PasswordForm::kJoined},
    {"mysqlimport", "-p", PasswordForm::kJoined},
    {"mariadb", "-p", PasswordForm::kJoined},
    {"mariadb-admin", "-p", PasswordForm::kJoined},
    {"mariadb-dump", "-p", PasswordForm::kJoined},
    {"mongo", "-p", PasswordForm::kWhole},
    {"mongodump", "-p", PasswordForm::kWhole},
    {"mongorestore", "-p", PasswordForm::kWhole},
    {"mongosh", "-p", PasswordForm::kWhole},
    {"redis-cli", "-a", PasswordForm::kWhole},
    {"redis-cli", "--pass", PasswordForm::kWhole},
    {"sshpass", "-p", PasswordForm::kWhole},
    {"curl", "-u", PasswordForm::kBehindColon},
    {"curl", "-U", PasswordForm::kBehindColon},
    {"curl", "--user", PasswordForm::kBehindColon},
    {"curl", "--proxy-user", PasswordForm::kBehindColon},
    {"http", "-a", PasswordForm::kBehindColon},
    {"http", "--auth", PasswordForm::kBehindColon},
    {"https", "-a", PasswordForm::kBehindColon},
    {"https", "--auth", PasswordForm::kBehindColon},
};

constexpr std::string_view kBetweenWords = " \t\r";
constexpr std::string_view kWordQuotes = "\"'";
// Around a word in a list, or in a shell's command.
constexpr std::string_view kAround = "[](){},;\"'`";

bool is_any_of(char c, std::string_view set) {
  return set.find(c) != set.npos;
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

// Returns the name as it stands in the table, or nothing.
std::string_view known_program(std::string_view name) {
  const PasswordOption* option = std::ranges::find(kOptions, name, &PasswordOption::program);
  return option == std::end(kOptions) ? std::string_view() : option->program;
}

// After some, a shell begins another command; others are what sshpass runs, whose -p is no
// password.
bool is_of_other_command(std::string_view word) {
  constexpr std::string_view kWords[] = {"|", "||", "&&", ";", "&", "ssh", "scp", "sftp", "rsync"};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

std::string_view secret_of(const PasswordOption& option, std::string_view value) {
  if (option.form != PasswordForm::kBehindColon) return value;
  const std::size_t colon = value.find(':');
  return colon == value.npos ? std::string_view() : value.substr(colon + 1);
}

// What follows the option in the same word, as in -pVALUE and --user=VALUE.
std::string_view joined_value(const PasswordOption& option, std::string_view word) {
  word.remove_prefix(option.name.size());
  if (!option.name.starts_with("--")) return word;
  return word.starts_with('=') ? word.substr(1) : std::string_view();
}

// Finds the words of a line, without what is around them. A word in quotes may have blanks in it.
class Words {
 public:
  explicit Words(std::string_view line) : line_(line) {}

  // Returns nullopt at the end.
  std::optional<std::string_view> next() {
    at_ = line_.find_first_not_of(kBetweenWords, at_);
    if (at_ == line_.npos) return std::nullopt;
    const std::size_t begin = std::min(line_.find_first_not_of(kAround, at_), line_.size());
    std::size_t end = closing_quote(begin);
    if (end != line_.npos) {
      at_ = end + 1;
    } else {
      at_ = end = end_without_quotes(begin);
    }
    while (end > begin && is_any_of(line_[end - 1], kAround)) --end;
    return line_.substr(begin, end - begin);
  }

 private:
  std::size_t closing_quote(std::size_t begin) const {
    const bool is_quoted = begin > 0 && begin < line_.size() &&
                           is_any_of(line_[begin - 1], kWordQuotes) &&
                           !is_any_of(line_[begin], kBetweenWords);
    return is_quoted ? line_.find(line_[begin - 1], begin) : line_.npos;
  }

  // Also in call(['word', ...]) a word begins with each quote.
  std::size_t end_without_quotes(std::size_t begin) const {
    std::size_t at = begin;
    while (at < line_.size() && !is_any_of(line_[at], kBetweenWords) && !begins_quoted(at)) ++at;
    return at;
  }

  bool begins_quoted(std::size_t at) const {
    return at > 0 && is_any_of(line_[at], kWordQuotes) && is_any_of(line_[at - 1], "([{,");
  }

  const std::string_view line_;
  std::size_t at_ = 0;
};

}  // namespace

std::string_view PasswordOptions::secret_in(std::string_view word) {
  if (awaiting_value_ != nullptr) {
    const PasswordOption& option = *awaiting_value_;
    awaiting_value_ = nullptr;
    if (!word.starts_with('-')) return secret_of(option, word);
  }
  if (is_of_other_command(file_name(word))) program_ = {};
  if (const auto program = known_program(file_name(word)); !program.empty()) program_ = program;
  for (const PasswordOption& option : kOptions) {
    if (option.program != program_ || !word.starts_with(option.name)) continue;
    if (word.size() > option.name.size()) return secret_of(option, joined_value(option, word));
    if (option.form != PasswordForm::kJoined) awaiting_value_ = &option;
    return {};
  }
  return {};
}

std::string redact_password_options(std::string_view text, std::string_view replacement) {
  std::string redacted;
  std::size_t copied = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    Words words(line);
    PasswordOptions options;
    while (const auto word = words.next()) {
      if (word->empty()) continue;  // a comma between two words, or the like
      const std::string_view secret = options.secret_in(*word);
      if (secret.empty()) continue;
      const auto at = static_cast<std::size_t>(secret.data() - text.data());
      // What has been replaced already has lost its first bracket if it is a word of its own.
      if (text.substr(at).starts_with(replacement)) continue;
      if (at > 0 && text.substr(at - 1).starts_with(replacement)) continue;
      redacted += text.substr(copied, at - copied);
      redacted += replacement;
      copied = at + secret.size();
    }
    begin = end + 1;
  }
  return redacted += text.substr(copied);
}

}  // namespace pyfault

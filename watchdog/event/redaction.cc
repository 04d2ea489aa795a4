#include "watchdog/event/redaction.h"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "watchdog/event/password_options.h"

namespace pyfault {
namespace {

constexpr std::string_view kWords[] = {"password",   "passwd",     "passphrase",    "secret",
                                       "token",      "api_key",    "authorization", "cookie",
                                       "credential", "access_key", "session_id",    "private_key"};

// Only at the end of a key: auth_method is no secret. The shell's PWD is none either, but cannot be
// told from the password of a connection string.
constexpr std::string_view kLastWords[] = {"auth", "pwd"};

// The end of a longer key is looked at.
constexpr std::size_t kMaxKey = 128;
// Between a key and its separator, as in `["key"] = `.
constexpr std::size_t kMaxGap = 4;

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kQuotes = "\"'";

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter_or_digit(char c) {
  return is_lower(c) || is_upper(c) || is_digit(c);
}
char lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
bool is_one_of(char c, std::string_view set) {
  return set.find(c) != set.npos;
}
bool is_of_key(char c) {
  return is_letter_or_digit(c) || is_one_of(c, "_-.%");
}

std::string normalized(std::string_view word) {
  std::string letters;
  for (const char c : word) {
    if (is_letter_or_digit(c)) letters += lower(c);
  }
  return letters;
}

bool equals(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, {}, lower);
}

// Also in the plural, or with a number.
bool ends_with_any(std::string_view letters, const auto& words) {
  while (!letters.empty() && is_digit(letters.back())) letters.remove_suffix(1);
  const std::string_view singular = letters.substr(0, letters.size() - letters.ends_with('s'));
  return std::ranges::any_of(
      words, [&](const auto& word) { return letters.ends_with(word) || singular.ends_with(word); });
}

// Whether a word ends before the character at `at`, which may be the end.
bool is_word_end(std::string_view key, std::size_t at) {
  if (at == key.size() || !is_letter_or_digit(key[at])) return true;
  return is_upper(key[at]) && !is_upper(key[at - 1]);
}

// A part of a text.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Finds the secrets of a text from the front to the back. Each function that looks ahead returns
// what is then skipped, and each that looks back stops at the previous separator, so that no
// character is looked at more than a few times.
class SecretFinder {
 public:
  SecretFinder(const Redaction& redaction, std::string_view text)
      : redaction_(redaction), text_(text) {}

  // Returns nullopt if there is no other.
  std::optional<Range> next() {
    while (at_ < text_.size()) {
      const auto secret = look();
      if (secret && !is_redacted(*secret)) return secret;
    }
    return std::nullopt;
  }

 private:
  // Looks at one character, and moves on.
  std::optional<Range> look() {
    const std::size_t here = at_++;
    switch (text_[here]) {
      case ':':
        if (text_.substr(at_).starts_with("//")) return password_in_url();
        return after_key(here);
      case '=':
        return after_key(here);
      case ',':
        return after_quoted_key(here);
      case ' ':
      case '\t':
        return after_option(here);
      default:
        return std::nullopt;
    }
  }

  // Returns what stands between the `:` and the last `@` of `scheme://user:password@host`.
  std::optional<Range> password_in_url() {
    const std::size_t begin = at_ + 2;
    at_ = std::min(text_.find_first_of("/?# \t\r\n\"'<>`", begin), text_.size());
    const std::string_view authority = text_.substr(begin, at_ - begin);
    const std::size_t colon = authority.find(':');
    const std::size_t host = authority.rfind('@');
    if (host == authority.npos || colon >= host || colon + 1 == host) return std::nullopt;
    return Range{begin + colon + 1, begin + host};
  }

  std::optional<Range> after_key(std::size_t separator) {
    const std::string_view key = key_before(separator);
    return redaction_.is_secret(key) ? value(key, text_[separator]) : std::nullopt;
  }

  // As in the tuples ("key", "value") of headers.
  std::optional<Range> after_quoted_key(std::size_t comma) {
    if (comma == 0 || !is_one_of(text_[comma - 1], kQuotes)) return std::nullopt;
    if (!redaction_.is_secret(key_before(comma))) return std::nullopt;
    at_ = past(kBlanks);
    skip_prefix_of_string();
    return quoted();
  }

  // As in `--key value`.
  std::optional<Range> after_option(std::size_t blank) {
    const std::string_view key = run_before(blank);
    const std::size_t begin = blank - key.size();
    const bool begins_word = begin == 0 || is_one_of(text_[begin - 1], " \t\n\"'");
    if (!key.starts_with('-') || !begins_word || !redaction_.is_secret(key)) return std::nullopt;
    at_ = past(kBlanks);
    if (at_ < text_.size() && text_[at_] == '-') return std::nullopt;
    return value(key, ' ');
  }

  std::string_view key_before(std::size_t separator) const {
    std::size_t end = separator;
    while (end > 0 && separator - end < kMaxGap && is_one_of(text_[end - 1], " \"'\\])")) --end;
    return run_before(end);
  }

  std::string_view run_before(std::size_t end) const {
    std::size_t begin = end;
    while (begin > 0 && end - begin < kMaxKey && is_of_key(text_[begin - 1])) --begin;
    return text_.substr(begin, end - begin);
  }

  // What follows a key and its separator, and is not empty.
  std::optional<Range> value(std::string_view key, char separator) {
    at_ = past(" \t=>");
    skip_prefix_of_string();
    if (const auto string = quoted()) return string;
    if (at_ == text_.size()) return std::nullopt;
    const std::size_t begin = at_;
    if (separator == ':' && is_header(key)) {
      at_ = end_at("\r\n\"'");
    } else {
      at_ = end_of_words();
    }
    return begin == at_ ? std::nullopt : std::optional(Range{begin, at_});
  }

  // The value of such a header has several words.
  static bool is_header(std::string_view key) {
    const std::string letters = normalized(key);
    return letters.ends_with("authorization") || letters.ends_with("cookie");
  }

  // One word, and the next one too if the first names a scheme, as in `Bearer abc`.
  std::size_t end_of_words() {
    constexpr std::string_view kSchemes[] = {"bearer", "basic", "digest", "token", "negotiate"};
    const std::size_t begin = at_;
    at_ = end_of_word();
    const std::string_view word = text_.substr(begin, at_ - begin);
    const bool is_scheme =
        std::ranges::any_of(kSchemes, [&](std::string_view each) { return equals(word, each); });
    if (!is_scheme || past(kBlanks) == at_) return at_;
    at_ = past(kBlanks);
    return end_of_word();
  }

  // What has brackets in it, as SecretStr('abc'), goes on to their end.
  std::size_t end_of_word() const {
    constexpr std::string_view kBegins = "([{";
    constexpr std::string_view kEnds = " \t\r\n,;&)}]>\"'([{";
    std::size_t at = std::min(text_.find_first_of(kEnds, at_), text_.size());
    while (at < text_.size() && is_one_of(text_[at], kBegins)) {
      at = std::min(text_.find_first_of(kEnds, end_of_bracket(at)), text_.size());
    }
    return at;
  }

  std::size_t end_at(std::string_view ends) const {
    return std::min(text_.find_first_of(ends, at_), text_.size());
  }

  std::size_t past(std::string_view skipped) const {
    return std::min(text_.find_first_not_of(skipped, at_), text_.size());
  }

  std::size_t end_of_bracket(std::size_t begin) const {
    std::size_t depth = 0;
    for (std::size_t at = begin; at < text_.size(); ++at) {
      if (is_one_of(text_[at], "([{")) ++depth;
      if (is_one_of(text_[at], ")]}") && --depth == 0) return at + 1;
    }
    return text_.size();
  }

  // Python's b'...', f"..." and the like.
  void skip_prefix_of_string() {
    std::size_t at = at_;
    while (at < text_.size() && at - at_ < 2 && is_one_of(lower(text_[at]), "bfru")) ++at;
    if (at < text_.size() && is_one_of(text_[at], kQuotes)) at_ = at;
  }

  // Returns the content of the string that begins here, and moves behind it. A string that does not
  // end goes on to the end of the line.
  std::optional<Range> quoted() {
    const bool is_escaped = text_.substr(at_).starts_with('\\');
    const std::size_t mark = at_ + (is_escaped ? 1 : 0);
    if (mark >= text_.size() || !is_one_of(text_[mark], kQuotes)) return std::nullopt;
    const Range content{mark + 1, end_of_string(mark + 1, text_[mark], is_escaped)};
    at_ = content.end;
    return content.begin == content.end ? std::nullopt : std::optional(content);
  }

  std::size_t end_of_string(std::size_t begin, char quote, bool is_escaped) const {
    for (std::size_t at = begin; at < text_.size(); ++at) {
      if (text_[at] == '\n') return at;
      if (text_[at] == quote) return at;
      if (text_[at] != '\\') continue;
      if (is_escaped && at + 1 < text_.size() && text_[at + 1] == quote) return at;
      ++at;
    }
    return text_.size();
  }

  bool is_redacted(const Range& range) const {
    return text_.substr(range.begin).starts_with(kRedacted);
  }

  const Redaction& redaction_;
  const std::string_view text_;
  std::size_t at_ = 0;
};

bool is_key(std::string_view text) {
  return std::ranges::all_of(text, is_of_key);
}

}  // namespace

bool is_redaction_word(std::string_view word) {
  return !normalized(word).empty();
}

Redaction::Redaction(const RedactionSettings& settings) : is_on_(settings.is_on) {
  for (const std::string_view word : kWords) words_.push_back(normalized(word));
  for (const std::string& word : settings.words) {
    if (is_redaction_word(word)) words_.push_back(normalized(word));
  }
}

bool Redaction::is_secret(std::string_view key) const {
  key.remove_prefix(key.size() - std::min(key.size(), kMaxKey));
  std::string letters;  // from the beginning of the key
  for (std::size_t at = 0; at < key.size(); ++at) {
    if (!is_letter_or_digit(key[at])) continue;
    letters += lower(key[at]);
    if (!is_word_end(key, at + 1)) continue;
    if (ends_with_any(letters, words_)) return true;
  }
  return ends_with_any(letters, kLastWords);
}

std::string Redaction::redact(std::string_view whole_text) const {
  const std::string text = redact_password_options(whole_text, kRedacted);
  std::string redacted;
  std::size_t copied = 0;
  SecretFinder finder(*this, text);
  while (const auto secret = finder.next()) {
    redacted.append(text, copied, secret->begin - copied);
    redacted += kRedacted;
    copied = secret->end;
  }
  return redacted.append(text, copied);
}

void Redaction::redact(std::vector<std::string>& command) const {
  bool is_value = false;  // of the option before it
  PasswordOptions options;
  for (std::string& word : command) {
    const std::string_view secret = options.secret_in(word);
    if (is_value && !word.starts_with('-')) {
      word = kRedacted;
      is_value = false;
      continue;
    }
    const std::size_t end = std::min(word.find('='), word.size());
    const std::string_view key = std::string_view(word).substr(0, end);
    const bool is_secret_key = secret.empty() && is_key(key) && is_secret(key);
    is_value =
        is_secret_key && end == word.size() && key.starts_with('-') && !key.starts_with("--no-");
    if (is_secret_key && end + 1 < word.size()) {
      word.replace(end + 1, word.npos, kRedacted);
    } else if (!secret.empty()) {
      word.replace(static_cast<std::size_t>(secret.data() - word.data()), secret.size(), kRedacted);
    } else {
      word = redact(word);
    }
  }
}

void Redaction::redact(std::vector<Annotation>& annotations) const {
  for (auto& [key, value] : annotations) {
    value = is_secret(key) ? std::string(kRedacted) : redact(value);
  }
}

void Redaction::redact(Context& context) const {
  redact(context.annotations);
  for (Crumb& crumb : context.breadcrumbs) crumb.text = redact(crumb.text);
}

void Redaction::redact(Event& event) const {
  if (!is_on_) return;
  redact(event.process.command);
  event.process.title = redact(event.process.title);
  if (auto* exit = std::get_if<ExitEvent>(&event.body)) redact(exit->context);
  auto* crash = std::get_if<Crash>(&event.body);
  if (crash == nullptr) return;
  redact(crash->context);
  for (Thread& thread : crash->threads) redact(thread.annotations);
}

}  // namespace pyfault

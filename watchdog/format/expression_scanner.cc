#include "watchdog/format/expression_scanner.h"

#include <algorithm>
#include <array>
#include <string>

namespace pyfault {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\f';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_quote(char c) {
  return c == '"' || c == '\'';
}
bool is_word(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || is_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_opening(char c) {
  return c == '(' || c == '[' || c == '{';
}
bool is_closing(char c) {
  return c == ')' || c == ']' || c == '}';
}
char partner(char opening) {
  return opening == '(' ? ')' : opening == '[' ? ']' : '}';
}

// All keywords that can occur in an expression or begin a statement, except the three constants.
bool is_keyword(std::string_view word) {
  constexpr std::array<std::string_view, 31> kKeywords = {
      "and",  "as",     "assert", "async",  "break",   "class",    "continue", "def",
      "del",  "elif",   "else",   "except", "finally", "for",      "from",     "global",
      "if",   "import", "in",     "is",     "lambda",  "nonlocal", "not",      "or",
      "pass", "raise",  "return", "try",    "while",   "with",     "yield"};
  return std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end();
}

}  // namespace

std::optional<ExpressionToken> ExpressionScanner::next() {
  skip_spaces();
  if (position_ >= text_.size()) return std::nullopt;
  const char c = text_[position_];
  if (is_quote(c)) return string(position_);
  if (is_opening(c)) return group();
  const bool number = c == '.' && is_digit(at(position_ + 1));
  return is_word(c) || number ? word() : punctuation();
}

void ExpressionScanner::skip_spaces() {
  while (is_space(at(position_))) ++position_;
}

ExpressionToken ExpressionScanner::token(Kind kind, std::size_t end) {
  const std::size_t begin = position_;
  position_ = std::min(end, text_.size());
  return {kind, begin, position_, text_.substr(begin, position_ - begin)};
}

ExpressionToken ExpressionScanner::word() {
  const bool number = is_digit(text_[position_]) || text_[position_] == '.';
  std::size_t end = position_;
  while (is_word(at(end)) || (number && at(end) == '.')) {
    const bool exponent = number && (at(end) == 'e' || at(end) == 'E');
    const bool hexadecimal = at(position_ + 1) == 'x' || at(position_ + 1) == 'X';
    const bool sign = exponent && !hexadecimal && (at(end + 1) == '-' || at(end + 1) == '+');
    end += sign ? 2 : 1;
  }
  if (is_quote(at(end)) && !number) return string(end);
  const std::string_view text = text_.substr(position_, end - position_);
  if (text == "await") return token(Kind::kAwait, end);
  return token(is_keyword(text) ? Kind::kOther : Kind::kName, end);
}

// Scans a string from position_, where its prefix begins. Its first quote is at `quote`.
ExpressionToken ExpressionScanner::string(std::size_t quote) {
  std::string closing(1, text_[quote]);
  if (text_.substr(quote, 3) == std::string(3, text_[quote])) closing.assign(3, text_[quote]);
  for (std::size_t i = quote + closing.size(); i < text_.size(); ++i) {
    if (text_[i] == '\\') {
      ++i;
    } else if (text_.substr(i, closing.size()) == closing) {
      return token(Kind::kString, i + closing.size());
    }
  }
  return token(Kind::kOther, text_.size());
}

ExpressionToken ExpressionScanner::group() {
  const std::size_t begin = position_;
  const char opening = text_[begin];
  std::string expected;
  do {
    skip_spaces();  // next() then never sees an opening bracket, so there is no recursion
    const char c = at(position_);
    if (is_opening(c)) {
      expected += partner(c);
      ++position_;
    } else if (is_closing(c)) {
      if (c != expected.back()) break;
      expected.pop_back();
      ++position_;
    } else if (!next()) {
      break;
    }
  } while (!expected.empty());
  const std::size_t end = position_;
  position_ = begin;
  if (!expected.empty()) return token(Kind::kOther, text_.size());
  return token(opening == '(' ? Kind::kRound : opening == '[' ? Kind::kSquare : Kind::kCurly, end);
}

ExpressionToken ExpressionScanner::punctuation() {
  const std::string_view rest = text_.substr(position_);
  if (rest.starts_with("...")) return token(Kind::kName, position_ + 3);
  if (rest.front() == '.') return token(Kind::kDot, position_ + 1);
  for (const std::string_view op :
       {"**", "//", "<<", ">>", "|", "^", "&", "+", "-", "*", "/", "%", "@", "~"}) {
    if (!rest.starts_with(op)) continue;
    const bool assigns = at(position_ + op.size()) == '=';
    return token(assigns ? Kind::kOther : Kind::kOperator, position_ + op.size());
  }
  return token(Kind::kOther, position_ + 1);
}

}  // namespace pyfault

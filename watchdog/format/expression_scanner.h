// Splits a Python expression into the tokens needed to find its outermost operation. A bracketed
// group is one token.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace pyfault {

struct ExpressionToken {
  enum class Kind {
    kName,  // a name or a number
    kString,
    kRound,  // from ( to the matching )
    kSquare,
    kCurly,
    kDot,
    kAwait,
    kOperator,
    kOther,  // keywords, punctuation, unmatched brackets, unterminated strings
  };

  Kind kind = Kind::kOther;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string_view text;
};

class ExpressionScanner {
 public:
  explicit ExpressionScanner(std::string_view text) : text_(text) {}

  // Returns none at the end.
  std::optional<ExpressionToken> next();

 private:
  using Kind = ExpressionToken::Kind;

  char at(std::size_t position) const { return position < text_.size() ? text_[position] : '\0'; }
  void skip_spaces();
  ExpressionToken token(Kind kind, std::size_t end);
  ExpressionToken word();
  ExpressionToken string(std::size_t quote);
  ExpressionToken group();
  ExpressionToken punctuation();

  std::string_view text_;
  std::size_t position_ = 0;
};

}  // namespace pyfault

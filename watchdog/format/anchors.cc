#include "watchdog/format/anchors.h"

#include "watchdog/format/expression_scanner.h"

namespace pyfault {
namespace {

using Kind = ExpressionToken::Kind;

// A higher value binds tighter; 0 if `op` is not a binary operator.
int precedence(std::string_view op) {
  if (op == "|") return 1;
  if (op == "^") return 2;
  if (op == "&") return 3;
  if (op == "<<" || op == ">>") return 4;
  if (op == "+" || op == "-") return 5;
  if (op == "*" || op == "/" || op == "//" || op == "%" || op == "@") return 6;
  return op == "**" ? 7 : 0;
}
constexpr int kPower = 7;

bool can_be_unary(std::string_view op) {
  return op == "+" || op == "-" || op == "~";
}

// Processes the tokens at the top level of an expression, outside all brackets, and tracks the
// outermost operation so far. Rejects anything that binds looser than a binary operator
// (comparisons, `and`, `lambda`, commas).
class OutermostOperation {
 public:
  // Returns false if the expression is not supported.
  bool add(const ExpressionToken& token) {
    const bool first = first_;
    first_ = false;
    switch (token.kind) {
      case Kind::kName:
      case Kind::kString:
        return add_operand(token);
      case Kind::kRound:
      case Kind::kSquare:
      case Kind::kCurly:
        return add_group(token);
      case Kind::kDot:
        return add_dot();
      case Kind::kAwait:
        begins_with_await_ |= first;
        return !after_operand_;
      case Kind::kOperator:
        return add_operator(token, first);
      case Kind::kOther:
        break;
    }
    return false;
  }

  std::optional<Anchors> result() const {
    if (!after_operand_) return std::nullopt;
    if (operator_) {
      // -a ** b is -(a ** b).
      if (lowest_ == kPower && begins_with_sign_) return std::nullopt;
      return Anchors{AnchorKind::kOperator, operator_->begin, operator_->end};
    }
    if (begins_with_sign_ || begins_with_await_ || trailer_.kind == Kind::kOther)
      return std::nullopt;
    const bool call = trailer_.kind == Kind::kRound;
    return Anchors{call ? AnchorKind::kCall : AnchorKind::kSubscript, trailer_.begin, trailer_.end};
  }

 private:
  bool add_operand(const ExpressionToken& token) {
    const bool concatenated = token.kind == Kind::kString && after_string_;
    if (after_operand_ && !concatenated && !after_dot_) return false;
    after_operand_ = true;
    after_string_ = token.kind == Kind::kString;
    after_dot_ = false;
    trailer_ = {};
    return true;
  }

  bool add_group(const ExpressionToken& token) {
    if (after_dot_) return false;
    if (after_operand_) {
      if (token.kind == Kind::kCurly) return false;
      trailer_ = token;
    } else {
      trailer_ = {};
    }
    after_operand_ = true;
    after_string_ = false;
    return true;
  }

  bool add_dot() {
    if (!after_operand_ || after_dot_) return false;
    after_dot_ = true;
    after_string_ = false;
    return true;
  }

  bool add_operator(const ExpressionToken& token, bool first) {
    if (after_dot_) return false;
    if (!after_operand_) {
      begins_with_sign_ |= first;
      return can_be_unary(token.text);
    }
    const int level = precedence(token.text);
    if (level == 0) return false;
    // Among operators of equal precedence, the last one is outermost; among powers, the first.
    const bool outer = !operator_ || level < lowest_ || (level == lowest_ && level != kPower);
    if (outer) {
      operator_ = token;
      lowest_ = level;
    }
    after_operand_ = after_string_ = false;
    trailer_ = {};
    return true;
  }

  bool first_ = true;
  bool after_operand_ = false;
  bool after_string_ = false;
  bool after_dot_ = false;
  bool begins_with_sign_ = false;
  bool begins_with_await_ = false;
  int lowest_ = 0;
  std::optional<ExpressionToken> operator_;
  ExpressionToken trailer_;  // the last brackets, if they follow an operand; else kOther
};

}  // namespace

std::optional<Anchors> find_anchors(std::string_view expression) {
  ExpressionScanner scanner(expression);
  OutermostOperation operation;
  while (const auto token = scanner.next()) {
    if (!operation.add(*token)) return std::nullopt;
  }
  return operation.result();
}

}  // namespace pyfault

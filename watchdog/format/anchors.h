// Which part of a Python expression the error is about: the operator of a binary operation, the
// brackets of a subscript or call.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace pyfault {

enum class AnchorKind { kOperator, kSubscript, kCall };

// Byte offsets into the expression.
struct Anchors {
  AnchorKind kind;
  std::size_t begin;
  std::size_t end;
};

// None where the outermost operation is of another kind, and whenever in doubt: the expression is
// read token by token, not parsed. `expression` is text of one source line.
std::optional<Anchors> find_anchors(std::string_view expression);

}  // namespace pyfault

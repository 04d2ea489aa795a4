// Finds the part of a Python expression to which a traceback points: the operator of a binary
// operation, or the brackets of a subscript or call.
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

// Returns none if the outermost operation is of another kind, and whenever in doubt: the expression
// is scanned token by token, not parsed. `expression` is text of one source line.
std::optional<Anchors> find_anchors(std::string_view expression);

}  // namespace pyfault

// Escapes text from a watched process: no control characters, no forged lines, and nothing that
// reorders or hides what a terminal shows. Ordinary text of every script is kept unchanged.
#pragma once

#include <string>
#include <string_view>

namespace pyfault {

// For people: dangerous characters become \n, \t, \r, \xNN, \uNNNN or \UNNNNNNNN, and bytes that
// are not UTF-8 become \xNN. Backslashes are kept unchanged. Each character is escaped by itself,
// so the pieces of a text can be escaped separately.
std::string escape_text(std::string_view text);

// Escapes each line separately, with `margin` before it and a newline after it.
std::string escape_lines(std::string_view lines, std::string_view margin = "");

// For serialised JSON, which has no raw control characters below U+0020 left: other dangerous
// characters become \uNNNN, from which a JSON reader restores the original text.
std::string escape_json(std::string_view json);

}  // namespace pyfault

// Making text from a watched process harmless: no control characters, no forged lines, nothing that
// reorders or hides what a terminal shows. Ordinary text of every script is kept as it is.
#pragma once

#include <string>
#include <string_view>

namespace pyfault {

// For people: what is dangerous becomes \n, \t, \r, \xNN, \uNNNN or \UNNNNNNNN, and a byte that is
// not UTF-8 \xNN. Backslashes are kept as they are. Escaping works character by character, so the
// pieces of a text can be escaped one by one.
std::string escape_text(std::string_view text);

// The same, line by line: each behind a margin, and ended by a newline.
std::string escape_lines(std::string_view lines, std::string_view margin = "");

// For serialised JSON (which has no raw control characters left below U+0020): what else is
// dangerous becomes \uNNNN, so that a JSON reader gets the original text back.
std::string escape_json(std::string_view json);

}  // namespace pyfault

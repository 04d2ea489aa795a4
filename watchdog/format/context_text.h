// What a process has said about itself, in the text report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "watchdog/crash/context.h"

namespace pyfault {

// `task=resize id=7`; a value that has blanks is quoted.
std::string annotations_text(const std::vector<Annotation>& annotations);

// Facts as those in the head of a report, one a line; empty if it has said nothing.
std::string context_facts(const Context& context);

// Quotes a word that a shell would split, so that its boundaries are visible. Escapes it, too.
std::string quoted_word(std::string_view word);

}  // namespace pyfault

// Pieces of the text report about a worker, escaped. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "watchdog/event/event.h"

namespace pyfault {

// Returns lines for the facts about a crash.
std::string facts_of_worker(const WorkerCrash& crash);

// Returns the last lines of a text, each escaped, after `margin`, and ended by a newline.
std::string last_lines(std::string_view text, const char* margin = "");

// Returns a section with the last lines of a worker's output; empty if there are none.
std::string last_output(std::string_view tail);

// " exited with code 1 (ValueError: no such table) after 12.5 s; to be started again in 1.0 s"
std::string end_of_worker(const ExitEvent& exit, const std::optional<LastOutput>& output);

// Follows end_of_worker() for a worker that has failed: the traceback at the end of its output, or
// its last lines.
std::string output_of_failed(const ExitEvent& exit, const std::optional<LastOutput>& output);

// Returns `words`, then the exception with the first line of its message; empty if there is none.
std::string exception_after(std::string_view words, const std::optional<LastOutput>& output);

// Returns "; it left no record", and the reason if it is known. Empty for a signal that asks a
// program to end, which needs no record.
std::string left_no_record(const ExitEvent& exit);

// Returns "; child of" and the parents of a descendant; empty if they are not known.
std::string below(const std::vector<Ancestor>& parents);

// Describes the end of a descendant, with its parents.
std::string end_of_one_below(const ExitEvent& exit);

// " after 12.5 s"; empty if that is not known.
std::string after_uptime(const ExitEvent& exit);

// " is in a crash loop: ..."
std::string crash_loop(const CrashLoopEvent& loop);

}  // namespace pyfault

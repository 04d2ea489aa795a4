// What the text report says about a worker: pieces of lines, escaped. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "watchdog/event/event.h"

namespace pyfault {

// Lines that go with the facts about a crash.
std::string facts_of_worker(const WorkerCrash& crash);

// The last of a text's lines, each escaped, behind a margin, and ended by a newline.
std::string last_lines(std::string_view text, const char* margin = "");

// A section of the last lines of what a worker wrote; empty when there is nothing.
std::string last_output(std::string_view tail);

// " exited with code 1 (ValueError: no such table) after 12.5 s; to be started again in 1.0 s"
std::string end_of_worker(const ExitEvent& exit, const std::optional<LastOutput>& output);

// Behind that, of one that has failed: the traceback that it ends in, or its last lines.
std::string output_of_failed(const ExitEvent& exit, const std::optional<LastOutput>& output);

// `words`, and the exception with the first line of its message; empty where there is none.
std::string exception_after(std::string_view words, const std::optional<LastOutput>& output);

// "; it left no record", and why, where that is known. Nothing of a signal that asks a program to
// end, for there is nothing to be told of that.
std::string left_no_record(const ExitEvent& exit);

// The same of a process below, with its parents.
std::string end_of_one_below(const ExitEvent& exit);

// " is in a crash loop: ..."
std::string crash_loop(const CrashLoopEvent& loop);

}  // namespace pyfault

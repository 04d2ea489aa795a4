// The whole work of the symbolizer, in stages: what is cheap and sure is said first.
#pragma once

#include "watchdog/symbolizer/answer_writer.h"
#include "watchdog/symbolizer/file_client.h"
#include "watchdog/symbolizer/input.h"

namespace pyfault {

void report(const Input& input, FileClient& files, AnswerWriter& answer);

}  // namespace pyfault

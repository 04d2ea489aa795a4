// pyfault-symbolizer: unwinds and symbolizes native stacks for the watchdog, which starts it for
// one crash (symbolizer/protocol.h). It is not meant to be started by anybody else.
#include <cstdlib>

#include "watchdog/symbolizer/answer_writer.h"
#include "watchdog/symbolizer/file_client.h"
#include "watchdog/symbolizer/input.h"
#include "watchdog/symbolizer/mapped_file.h"
#include "watchdog/symbolizer/protocol.h"
#include "watchdog/symbolizer/report.h"
#include "watchdog/symbolizer/sandbox.h"

namespace pyfault {
namespace {

int refuse(AnswerWriter& answer, const std::string& reason) {
  answer.refusal(reason);
  answer.flush();
  return EXIT_FAILURE;
}

int run() {
  AnswerWriter answer(kAnswerFd);
  if (const auto reason = enter_sandbox()) return refuse(answer, "no sandbox: " + *reason);
  FileClient files(kFilesFd);
  const MappedFile file(files.input());
  const auto input = read_input(file.bytes());
  if (!input) return refuse(answer, "the watchdog is of another version");
  report(*input, files, answer);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace pyfault

int main() {
  return pyfault::run();
}

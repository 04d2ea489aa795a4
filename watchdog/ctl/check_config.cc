#include "watchdog/ctl/check_config.h"

#include <unistd.h>

#include <iostream>

#include "watchdog/ctl/exit_codes.h"
#include "watchdog/format/escape.h"
#include "watchdog/service/worker_program.h"

namespace pyfault::ctl {

int check_config(const CheckConfig& check) {
  const ParsedConfig parsed =
      load_config(check.file, machine_checks({check.python, "", environ, {}}));
  for (const Problem& problem : parsed.problems) {
    std::cerr << escape_text(describe(problem, check.file)) << '\n';
  }
  if (!parsed.problems.empty()) return kExitFailed;
  const std::size_t workers = parsed.config.workers.size();
  std::cout << escape_text(check.file) << ": ok, " << workers
            << (workers == 1 ? " worker\n" : " workers\n");
  return kExitSuccess;
}

}  // namespace pyfault::ctl

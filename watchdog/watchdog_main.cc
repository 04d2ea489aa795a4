#include "watchdog/watchdog_main.h"

#include <sys/wait.h>

#include <exception>
#include <iostream>

#include "watchdog/app.h"
#include "watchdog/log_error.h"
#include "watchdog/options.h"
#include "watchdog/service/run_service.h"
#include "watchdog/start_error.h"
#include "watchdog/supervise/ending.h"

namespace pyfault {

int watchdog_main(int argc, const char* const* argv) {
  try {
    const auto parsed = parse_options({argv + 1, argv + argc});
    if (const auto* answer = std::get_if<Answer>(&parsed)) {
      std::cout << answer->text << std::flush;
      return 0;
    }
    if (const auto* checkup = std::get_if<Checkup>(&parsed)) {
      return run_doctor(*checkup) ? 0 : 1;
    }
    if (const auto* service = std::get_if<ServiceOptions>(&parsed)) {
      end_as(W_EXITCODE(run_service(*service), 0));
    }
    const auto& options = std::get<Options>(parsed);
    end_as(options.running != 0 ? watch_running_process(options) : watch_program(options));
  } catch (const StartError& error) {
    log_error(error.what());
    return error.exit_code();
  } catch (const std::exception& error) {
    log_error(error.what());
    return kExitOwnError;
  }
}

}  // namespace pyfault

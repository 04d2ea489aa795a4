#include <sys/wait.h>

#include <exception>
#include <iostream>

#include "watchdog/app.h"
#include "watchdog/log_error.h"
#include "watchdog/options.h"
#include "watchdog/service/run_service.h"
#include "watchdog/start_error.h"
#include "watchdog/supervise/ending.h"

int main(int argc, char** argv) {
  try {
    const auto parsed = pyfault::parse_options({argv + 1, argv + argc});
    if (const auto* answer = std::get_if<pyfault::Answer>(&parsed)) {
      std::cout << answer->text << std::flush;
      return 0;
    }
    if (const auto* checkup = std::get_if<pyfault::Checkup>(&parsed)) {
      return pyfault::run_doctor(*checkup) ? 0 : 1;
    }
    if (const auto* service = std::get_if<pyfault::ServiceOptions>(&parsed)) {
      pyfault::end_as(W_EXITCODE(pyfault::run_service(*service), 0));
    }
    const auto& options = std::get<pyfault::Options>(parsed);
    pyfault::end_as(options.running != 0 ? pyfault::watch_running_process(options)
                                         : pyfault::watch_program(options));
  } catch (const pyfault::StartError& error) {
    pyfault::log_error(error.what());
    return error.exit_code();
  } catch (const std::exception& error) {
    pyfault::log_error(error.what());
    return pyfault::kExitOwnError;
  }
}

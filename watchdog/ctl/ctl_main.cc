#include "watchdog/ctl/ctl_main.h"

#include <exception>
#include <iostream>

#include "watchdog/ctl/check_config.h"
#include "watchdog/ctl/conversation.h"
#include "watchdog/ctl/exit_codes.h"
#include "watchdog/ctl/options.h"
#include "watchdog/format/escape.h"
#include "watchdog/start_error.h"

namespace pyfault::ctl {
namespace {

int run(const Options& options) {
  if (const auto* text = std::get_if<Text>(&options.command)) {
    std::cout << text->text << std::flush;
    return kExitSuccess;
  }
  if (const auto* check = std::get_if<CheckConfig>(&options.command)) return check_config(*check);
  return ask_service(options.socket, std::get<Ask>(options.command));
}

int fail(const char* message, int exit_code) {
  std::cerr << "pyfaultctl: " << escape_text(message) << std::endl;
  return exit_code;
}

}  // namespace

int ctl_main(int argc, const char* const* argv) {
  try {
    return run(parse_options({argv + 1, argv + argc}));
  } catch (const StartError& error) {
    return fail(error.what(), error.exit_code());
  } catch (const std::exception& error) {
    return fail(error.what(), kExitFailed);
  }
}

}  // namespace pyfault::ctl

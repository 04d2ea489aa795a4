#include <exception>
#include <iostream>

#include "watchdog/ctl/check_config.h"
#include "watchdog/ctl/conversation.h"
#include "watchdog/ctl/exit_codes.h"
#include "watchdog/ctl/options.h"
#include "watchdog/format/escape.h"
#include "watchdog/start_error.h"

namespace {

int run(const pyfault::ctl::Options& options) {
  if (const auto* text = std::get_if<pyfault::ctl::Text>(&options.command)) {
    std::cout << text->text << std::flush;
    return pyfault::ctl::kExitSuccess;
  }
  if (const auto* check = std::get_if<pyfault::ctl::CheckConfig>(&options.command)) {
    return pyfault::ctl::check_config(*check);
  }
  return pyfault::ctl::ask_service(options.socket, std::get<pyfault::ctl::Ask>(options.command));
}

int fail(const char* message, int exit_code) {
  std::cerr << "pyfaultctl: " << pyfault::escape_text(message) << std::endl;
  return exit_code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(pyfault::ctl::parse_options({argv + 1, argv + argc}));
  } catch (const pyfault::StartError& error) {
    return fail(error.what(), error.exit_code());
  } catch (const std::exception& error) {
    return fail(error.what(), pyfault::ctl::kExitFailed);
  }
}

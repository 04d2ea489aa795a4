// Parses pyfaultctl's command line into a value. No side effects.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>

#include "watchdog/control/request.h"

namespace pyfault::ctl {

struct CheckConfig {
  std::string file;                // the configuration
  std::string python = "python3";  // as the service's --python
};

struct Ask {
  Request request;
  bool json = false;  // print the status as JSON; other requests have a format of their own
};

// The text that --help or --version prints on stdout.
struct Text {
  std::string text;
};

struct Options {
  std::optional<std::string> socket;
  std::variant<Ask, CheckConfig, Text> command;
};

// Throws StartError, with kExitUsage, if the command line is invalid.
Options parse_options(std::span<const char* const> words);

}  // namespace pyfault::ctl

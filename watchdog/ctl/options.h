// pyfaultctl's command line: words to a value. Pure.
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
  bool json = false;  // status as it came; events and dumps say so in their request
};

// What --help and --version want printed on stdout.
struct Text {
  std::string text;
};

struct Options {
  std::optional<std::string> socket;
  std::variant<Ask, CheckConfig, Text> command;
};

// Throws StartError, with kExitUsage, where the words make no sense.
Options parse_options(std::span<const char* const> words);

}  // namespace pyfault::ctl

// The command line: words to a value. Pure.
#pragma once

#include <csignal>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "watchdog/doctor/doctor.h"
#include "watchdog/format/log_format.h"

namespace pyfault {

struct Options {
  std::vector<std::string> command;  // the words after --exec, never empty
  std::string python = "python3";    // a path, or a name looked up on PATH
  std::optional<std::string> log;    // file to append reports to; none: stderr
  LogFormat log_format = LogFormat::kText;
  bool all_exits = false;  // of processes below it; else those that were not clean
  // What the program handles itself and another process sends: its stacks are recorded first.
  std::vector<int> dump_before = {SIGABRT};
  bool lingers = true;  // until what it has left behind has ended
};

struct ServiceOptions {
  std::string file;                // the configuration
  std::string python = "python3";  // as above, here and below; a worker may name its own
  std::optional<std::string> log;
  LogFormat log_format = LogFormat::kText;
};

// What --help and --version want printed on stdout.
struct Answer {
  std::string text;
};

// `words` are argv without argv[0]. Everything after the first --exec (or --exec=PROGRAM) belongs
// to the program and is not looked at. Throws StartError (kExitOwnError) on a command line that it
// does not understand.
std::variant<Options, ServiceOptions, Checkup, Answer> parse_options(
    std::span<const char* const> words);

}  // namespace pyfault

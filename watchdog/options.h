// Parses the command line into a value. Pure.
#pragma once

#include <csignal>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "watchdog/crash/native.h"
#include "watchdog/doctor/doctor.h"
#include "watchdog/event/redaction.h"
#include "watchdog/format/log_format.h"

namespace pyfault {

struct Options {
  std::vector<std::string> command;  // the words after --exec; empty only with `running`
  int running = 0;                   // the process to watch, which runs already; 0: none
  std::string python = "python3";    // a path, or a name to look up on PATH
  std::optional<std::string> log;    // file to append reports to; none: stderr
  LogFormat log_format = LogFormat::kText;
  bool all_exits = false;  // report all exits of its descendants; else only those not clean
  // Signals that another process sends and the program handles itself: its stacks are recorded
  // before its handler runs.
  std::vector<int> dump_before = {SIGABRT};
  bool lingers = true;  // watch the processes that the program leaves behind until they end
  NativeMode native = NativeMode::kOn;
  std::string minidumps;                // the directory for them; empty: none are written
  std::vector<std::string> debuginfod;  // URLs of its servers
  RedactionSettings redaction;
};

struct ServiceOptions {
  std::string file;                // the configuration file
  std::string python = "python3";  // this and the next as above; a worker may name its own
  std::optional<std::string> log;
  LogFormat log_format = LogFormat::kText;
};

// The text that --help or --version prints on stdout.
struct Answer {
  std::string text;
};

// `words` is argv without argv[0]. Everything after the first --exec (or --exec=PROGRAM) belongs to
// the program and is not interpreted. Throws StartError (kExitOwnError) if the command line is
// invalid.
std::variant<Options, ServiceOptions, Checkup, Answer> parse_options(
    std::span<const char* const> words);

}  // namespace pyfault

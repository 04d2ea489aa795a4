#include "watchdog/options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <string_view>

#include "watchdog/start_error.h"
#include "watchdog/toml/quantity.h"

namespace pyfault {
namespace {

constexpr std::string_view kVersionText = "pyfault-watchdog " PYFAULT_VERSION "\n";

constexpr std::string_view kHelpText =
    R"(Usage: pyfault-watchdog [OPTIONS] --exec PROGRAM [ARG...]
       pyfault-watchdog [OPTIONS] --config FILE
       pyfault-watchdog [--python PATH] --doctor

Runs PROGRAM and reports the Python traceback of every thread when it, or a child of it, crashes in
native code. Otherwise the program runs as it would run alone: its standard streams, terminal,
signals and arguments are its own.

  --exec PROGRAM [ARG...]  the program; everything after --exec belongs to it.
                           PROGRAM ending in .py, or -m MODULE, or -c CODE, is run by the Python
                           interpreter; anything else as it is, looked up on PATH.

Options:
  --python PATH            the interpreter for .py, -m and -c (default: python3 on PATH)
  --log FILE               append reports to FILE (default: stderr)
  --log-format FORMAT      text         for people (default)
                           json         one event a line
                           faulthandler what CPython's faulthandler would print
  --all-exits              report the end of every watched process below PROGRAM, not only ends
                           that were not clean (code 0; SIGTERM, SIGINT, SIGHUP or SIGPIPE)
  --dump-before SIGNALS    record the stacks before a handler of the program's own gets one of these
                           from another process (default: ABRT; a list: ABRT,TERM; or none)
  --no-linger              end with PROGRAM, whatever it leaves behind. Else a copy of the watchdog
                           stays in the background until the last watched process has ended
  --doctor                 crash children of the interpreter in five typical ways, and print what
                           is reported and what stands in the way; exit status 0 when all five
                           reports are complete, else 1
  --config FILE            run as a service: keep the workers alive that FILE (TOML) names, with
                           what they print on stdout; SIGHUP reads FILE again, SIGTERM stops all
  --version                print the version and exit
  --help                   print this text and exit

Exit status: that of PROGRAM. When a signal killed PROGRAM, the same signal ends pyfault-watchdog.
Of a service: 0 when it was stopped, or that of an essential worker that is down for good.
  125  pyfault-watchdog itself failed: bad options, log not writable, agent missing
  126  PROGRAM was found but cannot be executed
  127  PROGRAM or its interpreter was not found

Environment of PROGRAM: LD_PRELOAD gets the agent in front of what it held, and PYFAULT_SOCKET the
address at which the agent finds pyfault-watchdog. Nothing else changes.

Example:
  pyfault-watchdog --log crashes.log --exec app.py --port 8080
)";

[[noreturn]] void refuse(const std::string& message) {
  throw StartError(kExitOwnError, message + " (see pyfault-watchdog --help)");
}

struct SplitWords {
  std::vector<std::string> own;
  std::vector<std::string> command;
  bool has_exec = false;
};

SplitWords split_at_exec(std::span<const char* const> words) {
  constexpr std::string_view kExec = "--exec";
  constexpr std::string_view kExecWithValue = "--exec=";
  SplitWords split;
  const auto at = std::find_if(words.begin(), words.end(), [&](std::string_view word) {
    return word == kExec || word.starts_with(kExecWithValue);
  });
  split.own.assign(words.begin(), at);
  if (at == words.end()) return split;
  split.has_exec = true;
  const std::string_view exec = *at;
  if (exec.size() > kExecWithValue.size())
    split.command.emplace_back(exec.substr(kExec.size() + 1));
  if (exec != kExecWithValue) split.command.insert(split.command.end(), at + 1, words.end());
  return split;
}

LogFormat parse_log_format(const std::string& name) {
  if (name == "text") return LogFormat::kText;
  if (name == "json") return LogFormat::kJson;
  if (name == "faulthandler") return LogFormat::kFaulthandler;
  refuse("--log-format '" + name + "': use text, json or faulthandler");
}

std::vector<int> parse_dump_before(const std::string& list) {
  if (list == "none") return {};
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    names.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  if (auto signals = parse_handled_signals(names)) return *std::move(signals);
  refuse("--dump-before '" + list +
         "': use signals that a program can handle, none of them a "
         "real-time signal, such as ABRT,TERM, or none");
}

// The options that CLI11 finds before --exec.
struct OwnOptions {
  std::optional<std::string> python, log, log_format, config, dump_before;
  bool all_exits = false;
  bool no_linger = false;
  bool doctor = false;
  bool help = false;
  bool version = false;
};

// Adds an option that must be given at most once, with a value. `takes` names the value in error
// messages.
void add_value(CLI::App& app, const std::string& name, std::optional<std::string>& value,
               const std::string& takes) {
  app.add_option_function<std::vector<std::string>>(
         name,
         [&value, name, takes](const std::vector<std::string>& given) {
           if (given.size() > 1) refuse(name + " is given more than once");
           if (given.empty() || given.front().empty()) refuse(name + " needs a " + takes);
           value = given.front();
         })
      ->expected(0, 1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void explain_unknown(const std::vector<std::string>& unknown) {
  if (unknown.empty()) return;
  const std::string& word = unknown.front();
  if (word.starts_with("-") && word != "-") refuse("unknown option '" + word + "'");
  refuse("unexpected argument '" + word + "': the program to run goes after --exec");
}

OwnOptions parse_own(std::vector<std::string> words) {
  OwnOptions own;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  app.add_flag("-h,--help", own.help)->disable_flag_override();
  app.add_flag("--all-exits", own.all_exits)->disable_flag_override();
  app.add_flag("--no-linger", own.no_linger)->disable_flag_override();
  app.add_flag("--doctor", own.doctor)->disable_flag_override();
  app.add_flag("--version", own.version)->disable_flag_override();
  add_value(app, "--python", own.python, "PATH");
  add_value(app, "--log", own.log, "FILE");
  add_value(app, "--log-format", own.log_format, "FORMAT");
  add_value(app, "--config", own.config, "FILE");
  add_value(app, "--dump-before", own.dump_before, "list of signals");
  std::reverse(words.begin(), words.end());  // CLI11 takes words from the back
  try {
    app.parse(words);
  } catch (const CLI::Error& error) {
    refuse(error.what());  // for example "--help=x"
  }
  explain_unknown(app.remaining());
  return own;
}

Checkup parse_checkup(const OwnOptions& own, bool has_exec) {
  if (has_exec) refuse("--doctor runs programs of its own: leave out --exec");
  if (own.log || own.log_format || own.all_exits || own.no_linger || own.dump_before) {
    refuse(
        "--doctor prints on stdout: leave out --log, --log-format, --all-exits, --dump-before and "
        "--no-linger");
  }
  Checkup checkup;
  if (own.python) checkup.python = *own.python;
  return checkup;
}

ServiceOptions parse_service(const OwnOptions& own, bool has_exec) {
  if (has_exec) refuse("--config names the programs to run: leave out --exec");
  if (own.no_linger) refuse("--no-linger is for --exec: what a worker leaves is ended with it");
  if (own.dump_before) refuse("--dump-before is for --exec: write dump_before in the file");
  if (own.all_exits) refuse("--all-exits is for --exec: write all_exits = true in the file");
  ServiceOptions service;
  service.file = *own.config;
  if (own.python) service.python = *own.python;
  service.log = own.log;
  if (own.log_format) service.log_format = parse_log_format(*own.log_format);
  return service;
}

}  // namespace

std::variant<Options, ServiceOptions, Checkup, Answer> parse_options(
    std::span<const char* const> words) {
  SplitWords split = split_at_exec(words);
  const OwnOptions own = parse_own(std::move(split.own));
  if (own.help) return Answer{std::string(kHelpText)};
  if (own.version) return Answer{std::string(kVersionText)};
  if (own.doctor && own.config) refuse("--doctor and --config do not go together");
  if (own.config) return parse_service(own, split.has_exec);
  if (own.doctor) return parse_checkup(own, split.has_exec);
  if (!split.has_exec) refuse("nothing to run: give --exec PROGRAM [ARG...] or --config FILE");
  if (split.command.empty()) refuse("--exec needs a PROGRAM after it");

  Options options;
  options.command = std::move(split.command);
  if (own.python) options.python = *own.python;
  options.log = own.log;
  if (own.log_format) options.log_format = parse_log_format(*own.log_format);
  options.all_exits = own.all_exits;
  options.lingers = !own.no_linger;
  if (own.dump_before) options.dump_before = parse_dump_before(*own.dump_before);
  return options;
}

}  // namespace pyfault

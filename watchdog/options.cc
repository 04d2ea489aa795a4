#include "watchdog/options.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "watchdog/config/server_url.h"
#include "watchdog/start_error.h"
#include "watchdog/toml/quantity.h"

namespace pyfault {
namespace {

constexpr char kName[] = "pyfault-watchdog";
constexpr char kVersion[] = "pyfault-watchdog " PYFAULT_VERSION;

constexpr char kUsage[] =
    R"(Usage: pyfault-watchdog [OPTIONS] --exec PROGRAM [ARG...]
       pyfault-watchdog [OPTIONS] --config FILE
       pyfault-watchdog [OPTIONS] --watch PID
       pyfault-watchdog [--python PATH] --doctor
)";

constexpr char kDescription[] =
    R"(Runs PROGRAM and reports the Python traceback of every thread when it, or a child of it, crashes in
native code. Otherwise the program runs as it would run alone: its standard streams, terminal,
signals and arguments are its own.
)";

constexpr char kFooter[] =
    R"(Exit status: that of PROGRAM. When a signal killed PROGRAM, the same signal ends pyfault-watchdog.
Of a service: 0 when it was stopped, or that of an essential worker that is down for good.
  125  pyfault-watchdog itself failed: bad options, log not writable, agent missing
  126  PROGRAM was found but cannot be executed
  127  PROGRAM or its interpreter was not found

Environment of PROGRAM: LD_PRELOAD gets the agent in front of what it held, and PYFAULT_SOCKET the
address at which the agent finds pyfault-watchdog. Nothing else changes.

Example:
  pyfault-watchdog --log crashes.log --exec app.py --port 8080)";

constexpr std::size_t kHelpColumn = 27;

// CLI11 would print one usage only, and behind each option those that it excludes.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(kHelpColumn); }
  std::string make_usage(const CLI::App*, std::string) const override { return kUsage; }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string type = option->get_type_name();
    return type.empty() ? "" : ' ' + type;
  }
};

[[noreturn]] void refuse(const std::string& message) {
  throw StartError(kExitOwnError, message + " (see pyfault-watchdog --help)");
}

struct SplitWords {
  std::vector<const char*> own;
  std::vector<std::string> command;
};

// CLI11 would interpret what follows --exec, which belongs to the program. It gets --exec alone, in
// front, where no option can take it for its value.
SplitWords split_at_exec(std::span<const char* const> words) {
  constexpr std::string_view kExec = "--exec";
  constexpr std::string_view kExecWithValue = "--exec=";
  SplitWords split;
  const auto at = std::find_if(words.begin(), words.end(), [&](std::string_view word) {
    return word == kExec || word.starts_with(kExecWithValue);
  });
  split.own.push_back(kName);
  if (at != words.end()) split.own.push_back(kExec.data());
  split.own.insert(split.own.end(), words.begin(), at);
  if (at == words.end()) return split;
  const std::string_view exec = *at;
  if (exec.size() > kExecWithValue.size())
    split.command.emplace_back(exec.substr(kExec.size() + 1));
  if (exec != kExecWithValue) split.command.insert(split.command.end(), at + 1, words.end());
  return split;
}

const std::map<std::string, LogFormat>& log_formats() {
  static const std::map<std::string, LogFormat> kFormats = {
      {"text", LogFormat::kText},
      {"json", LogFormat::kJson},
      {"faulthandler", LogFormat::kFaulthandler}};
  return kFormats;
}

const std::map<std::string, NativeMode>& native_modes() {
  static const std::map<std::string, NativeMode> kModes = {
      {"off", NativeMode::kOff}, {"on", NativeMode::kOn}, {"full", NativeMode::kFull}};
  return kModes;
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
  throw CLI::ValidationError(
      "--dump-before", fmt::format("'{}': use signals that a program can handle, none of them a "
                                   "real-time signal, such as ABRT,TERM, or none",
                                   list));
}

// What CLI11 finds before --exec.
struct Given {
  bool exec = false;
  std::string python = "python3";
  std::optional<std::string> log, config;
  std::string log_format = "text";
  std::vector<int> dump_before = Options().dump_before;
  bool all_exits = false;
  bool no_linger = false;
  std::string native = "on";
  std::string minidumps;
  std::vector<std::string> debuginfod;
  std::vector<std::string> redact;
  bool no_redact = false;
  bool doctor = false;
  int running = 0;
};

// CLI11 takes the word after an option for its value, even if the value has been forgotten and the
// word is the next option.
CLI::Validator no_option(const std::string& type) {
  return CLI::Validator(
      [type](const std::string& value) {
        const bool is_value = !value.empty() && !value.starts_with('-');
        return is_value ? "" : fmt::format("{} expected, not '{}'", type, value);
      },
      "");
}

CLI::Validator word_of_key() {
  return CLI::Validator(
      [](const std::string& value) {
        const bool is_word = !value.starts_with('-') && is_redaction_word(value);
        return is_word ? "" : fmt::format("a word of a key expected, not '{}'", value);
      },
      "");
}

CLI::Validator server_url() {
  return CLI::Validator(
      [](const std::string& value) {
        return is_server_url(value)
                   ? ""
                   : fmt::format("the URL of a debuginfod server expected, not '{}'", value);
      },
      "");
}

CLI::Option* takes(CLI::Option* option, const std::string& type) {
  return option->type_name(type)->check(no_option(type));
}

void declare(CLI::App& app, Given& given) {
  CLI::Option* exec =
      app.add_flag("--exec", given.exec, R"(the program; everything after --exec belongs to it.
PROGRAM ending in .py, or -m MODULE, or -c CODE, is run by the Python
interpreter; anything else as it is, looked up on PATH)")
          ->type_name("PROGRAM [ARG...]");
  takes(app.add_option("--python", given.python,
                       "the interpreter for .py, -m and -c (default: python3 on PATH)"),
        "PATH");
  CLI::Option* log =
      takes(app.add_option("--log", given.log, "append reports to FILE (default: stderr)"), "FILE");
  CLI::Option* log_format = takes(app.add_option("--log-format", given.log_format,
                                                 R"(text         for people (default)
json         one event a line
faulthandler what CPython's faulthandler would print)"),
                                  "FORMAT")
                                ->check(CLI::IsMember(&log_formats()).description(""));
  CLI::Option* all_exits =
      app.add_flag("--all-exits", given.all_exits,
                   R"(report the end of every watched process below PROGRAM, not only ends
that were not clean (code 0; SIGTERM, SIGINT, SIGHUP or SIGPIPE).
For a service, write all_exits = true in its file)")
          ->disable_flag_override();
  CLI::Option* dump_before =
      takes(app.add_option_function<std::string>(
                "--dump-before",
                [&given](const std::string& list) { given.dump_before = parse_dump_before(list); },
                R"(record the stacks before a handler of the program's own gets one of these
from another process (default: ABRT; a list: ABRT,TERM; or none).
For a service, write dump_before in its file)"),
            "SIGNALS");
  CLI::Option* native = takes(app.add_option("--native", given.native,
                                             R"(the C stack of a crash beside Python's:
off          not recorded
on           without what belongs to the interpreter itself (default)
full         all of it. For a service, write native in its file)"),
                              "MODE")
                            ->check(CLI::IsMember(&native_modes()).description(""));
  CLI::Option* minidumps = takes(
      app.add_option("--minidumps", given.minidumps,
                     R"(write a minidump of each crash into DIR, for debuggers. It holds the stack's
memory, and whatever secrets are there. Takes --native on or full.
For a service, write minidumps in [service] of its file)"),
      "DIR");
  CLI::Option* debuginfod =
      app.add_option("--debuginfod", given.debuginfod,
                     R"(fetch debug information that is not installed from this server, for the
next crash; may be given more than once. Takes the program debuginfod-find.
For a service, write debuginfod in [service] of its file)")
          ->type_name("URL")
          ->allow_extra_args(false)
          ->check(server_url());
  CLI::Option* redact =
      app.add_option("--redact", given.redact,
                     R"(also replace the values of keys that end in WORD by [redacted] in command
lines, annotations and breadcrumbs; may be given more than once. Those of
password, token, secret, cookie and the like always are.
For a service, write redact in [service] of its file)")
          ->type_name("WORD")
          ->allow_extra_args(false)
          ->check(word_of_key());
  CLI::Option* no_redact =
      app.add_flag("--no-redact", given.no_redact, "replace none of them")->disable_flag_override();
  no_redact->excludes(redact);
  CLI::Option* no_linger =
      app.add_flag("--no-linger", given.no_linger,
                   R"(end with PROGRAM, whatever it leaves behind. Else a copy of the watchdog
stays in the background until the last watched process has ended)")
          ->disable_flag_override();
  CLI::Option* doctor =
      app.add_flag("--doctor", given.doctor,
                   R"(crash children of the interpreter in five typical ways, and print what
is reported and what stands in the way; exit status 0 when all five
reports are complete, else 1)")
          ->disable_flag_override();
  CLI::Option* config =
      takes(app.add_option("--config", given.config,
                           R"(run as a service: keep the workers alive that FILE (TOML) names, with
what they print on stdout; SIGHUP reads FILE again, SIGTERM stops all)"),
            "FILE");
  CLI::Option* watch =
      takes(app.add_option(
                "--watch", given.running,
                R"(watch process PID, which is running, from when it attaches: print the value
for its PYFAULT_SOCKET, and stay in the background until PID and the
watched processes below it have ended (for Python's module pyfault))"),
            "PID")
          ->check(CLI::PositiveNumber.description(""));
  app.set_version_flag("--version", kVersion, "print the version and exit")
      ->disable_flag_override();
  app.set_help_flag("-h,--help", "print this text and exit")->disable_flag_override();

  config->excludes(exec, all_exits, dump_before, native, minidumps, debuginfod, redact, no_redact,
                   no_linger);
  watch->excludes(exec, config, no_linger, doctor);
  doctor->excludes(exec, config, log, log_format, all_exits, dump_before, native, minidumps,
                   debuginfod, redact, no_redact, no_linger);
}

// Where a configuration file has what the option says; empty: nowhere.
std::string place_in_file(const std::string& option) {
  const bool is_of_service = option == "--minidumps" || option == "--debuginfod" ||
                             option == "--redact" || option == "--no-redact";
  if (is_of_service) return "[service]";
  const bool is_of_worker =
      option == "--all-exits" || option == "--dump-before" || option == "--native";
  return is_of_worker ? "[defaults] or a worker" : "";
}

// CLI11 says only that one excludes the other.
[[noreturn]] void refuse_exclusion(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    for (const CLI::Option* other : option->get_excludes()) {
      if (option->count() == 0 || other->count() == 0) continue;
      const std::string name = option->get_name();
      const std::string place = other->get_name() == "--config" ? place_in_file(name) : "";
      refuse(fmt::format(
          "{} does not go with {}: {}", name, other->get_name(),
          place.empty() ? "leave one of them out" : "write it in the file, as a key of " + place));
    }
  }
  refuse("these options do not go together");
}

// CLI11 says "1 required FILE missing", "At Most 1 required but received 2", "was given a
// disallowed flag override".
[[noreturn]] void refuse_values(const CLI::App& app, const CLI::ArgumentMismatch& error) {
  const std::string_view text = error.what();
  for (const CLI::Option* option : app.get_options()) {
    if (text.starts_with(option->get_lnames().front() + " was given")) {
      refuse(fmt::format("{} takes no value", option->get_name()));
    }
    if (!text.starts_with(option->get_name() + ":")) continue;
    refuse(option->count() > 1
               ? fmt::format("{} is given more than once", option->get_name())
               : fmt::format("{} needs a value: {}", option->get_name(), option->get_type_name()));
  }
  refuse(error.what());
}

[[noreturn]] void refuse_unexpected(const std::string& word) {
  if (word.starts_with("-") && word != "-") refuse(fmt::format("unknown option '{}'", word));
  refuse(fmt::format("unexpected argument '{}': the program to run goes after --exec", word));
}

}  // namespace

std::variant<Options, ServiceOptions, Checkup, Answer> parse_options(
    std::span<const char* const> words) {
  SplitWords split = split_at_exec(words);
  Given given;
  CLI::App app(kDescription, kName);
  app.formatter(std::make_shared<HelpFormatter>());
  app.footer(kFooter);
  declare(app, given);
  try {
    app.parse(static_cast<int>(split.own.size()), split.own.data());
  } catch (const CLI::CallForHelp&) {
    return Answer{app.help()};
  } catch (const CLI::CallForVersion&) {
    return Answer{app.version() + "\n"};
  } catch (const CLI::ExtrasError&) {
    refuse_unexpected(app.remaining().front());
  } catch (const CLI::ExcludesError&) {
    refuse_exclusion(app);
  } catch (const CLI::ArgumentMismatch& error) {
    refuse_values(app, error);
  } catch (const CLI::ParseError& error) {
    refuse(error.what());
  }
  const LogFormat log_format = log_formats().at(given.log_format);
  if (given.doctor) return Checkup{given.python};
  if (given.config) return ServiceOptions{*given.config, given.python, given.log, log_format};
  if (!given.exec && given.running == 0) {
    refuse("nothing to run: give --exec PROGRAM [ARG...] or --config FILE");
  }
  if (given.exec && split.command.empty()) refuse("--exec needs a PROGRAM after it");
  if (!given.debuginfod.empty() && given.native == "off") {
    refuse("--debuginfod needs --native on or full: it names the functions of the native stack");
  }
  if (!given.minidumps.empty() && given.native == "off") {
    refuse("--minidumps needs --native on or full: a minidump is made of the native stack");
  }
  return Options{std::move(split.command),
                 given.running,
                 given.python,
                 given.log,
                 log_format,
                 given.all_exits,
                 given.dump_before,
                 !given.no_linger,
                 native_modes().at(given.native),
                 given.minidumps,
                 given.debuginfod,
                 {!given.no_redact, given.redact}};
}

}  // namespace pyfault

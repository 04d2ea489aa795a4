#include "watchdog/ctl/options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <filesystem>
#include <string_view>
#include <vector>

#include "watchdog/ctl/exit_codes.h"
#include "watchdog/start_error.h"

namespace pyfault::ctl {
namespace {

// The configuration of the installation that contains this executable, wherever that was built. The
// path follows systemd/install_units.cmake: below the prefix, except for /usr.
std::string installed_configuration() {
  std::error_code unknown;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  const std::filesystem::path prefix = self.parent_path().parent_path();
  const std::filesystem::path etc = prefix == "/usr" ? "/etc" : prefix / "etc";
  return etc / "pyfault-watchdog" / "pyfault-watchdog.toml";
}

constexpr std::string_view kVersionText = "pyfaultctl " PYFAULT_VERSION "\n";

constexpr std::string_view kHelpText =
    R"(Usage: pyfaultctl [--socket PATH] COMMAND [ARG...]

Asks a running pyfault-watchdog service, and tells it what to do.

  status [WORKER...] [--json]     how the workers are; exit status 0 when all of them are well, else 1
  start WORKER... | --all         start them, and wait until they are up
  stop WORKER... | --all          stop them; they stay down until they are started
  restart WORKER... | --all       stop and start them
    --no-wait                     do not wait for what comes of it
  reload                          read the configuration again; prints what is wrong with it
  events [-f] [-n N] [--json]     what has happened lately, the last N of it
    -f, --follow                  and what happens from now on
    -n, --last N                  (default: all that is kept, with -f 10)
  dump WORKER|PID [--json]        the Python stacks of all threads of a running process
  check-config [FILE]             what is wrong with a configuration; needs no service
    --python PATH                 as of pyfault-watchdog (default: python3 on PATH)

WORKER is a name of 'status'; of several instances, web means web#1, web#2 and so on.

Options:
  --socket PATH                   where the service listens (default: $RUNTIME_DIRECTORY/control; else
                                  /run/pyfault-watchdog/control for root, and
                                  $XDG_RUNTIME_DIR/pyfault-watchdog/control for others)
  --version                       print the version and exit
  --help                          print this text and exit

Exit status: 0 when it was done and is well, 1 when not, 2 for words that make no sense, 3 when no
service is running, 4 when there is no such worker.
)";

constexpr std::size_t kLastOfFollowers = 10;  // as in tail and journalctl

[[noreturn]] void refuse(const std::string& message) {
  throw StartError(kExitUsage, message + " (see pyfaultctl --help)");
}

// The values that CLI11 stores, for all commands together.
struct Words {
  std::string socket;
  std::vector<std::string> workers;
  std::string target, file, python = "python3";
  std::size_t last = 0;
  bool json = false, all = false, no_wait = false, follow = false;
};

// The commands and their options, all added in the same way.
class Grammar {
 public:
  Grammar() {
    app_.set_help_flag();
    app_.require_subcommand(0, 1);
    app_.add_option("--socket", words_.socket);
    app_.add_flag("-h,--help", help_);
    app_.add_flag("--version", version_);
    add_status();
    for (const char* name : {"start", "stop", "restart"}) add_command(name);
    add("reload");
    add_events();
    CLI::App* dump = add("dump");
    dump->add_option("WORKER|PID", words_.target)->required();
    dump->add_flag("--json", words_.json);
    add_check_config();
  }

  Options parse(std::span<const char* const> words) {
    std::vector<std::string> reversed(words.rbegin(), words.rend());  // as CLI11 expects
    try {
      app_.parse(reversed);
    } catch (const CLI::ExtrasError&) {
      if (!help_) refuse_extras(words);
      return {{}, Text{std::string(kHelpText)}};
    } catch (const CLI::Error& error) {
      if (help_) return {{}, Text{std::string(kHelpText)}};
      refuse(error.what());
    }
    Options options;
    if (app_.count("--socket") > 0) options.socket = words_.socket;
    options.command = command();
    return options;
  }

 private:
  CLI::App* add(const std::string& name) {
    CLI::App* command = app_.add_subcommand(name);
    command->set_help_flag();
    command->fallthrough();  // --socket may follow the command
    command->add_flag("-h,--help", help_);
    return command;
  }

  void add_status() {
    CLI::App* status = add("status");
    status->add_option("WORKER", words_.workers);
    status->add_flag("--json", words_.json);
  }

  void add_command(const char* name) {
    CLI::App* command = add(name);
    command->add_option("WORKER", words_.workers);
    command->add_flag("--all", words_.all);
    command->add_flag("--no-wait", words_.no_wait);
  }

  void add_events() {
    CLI::App* events = add("events");
    events->add_flag("-f,--follow", words_.follow);
    events->add_option("-n,--last", words_.last);
    events->add_flag("--json", words_.json);
  }

  void add_check_config() {
    CLI::App* check = add("check-config");
    check->add_option("FILE", words_.file);
    check->add_option("--python", words_.python);
  }

  // CLI11 lists the extras in reverse order.
  [[noreturn]] void refuse_extras(std::span<const char* const> words) const {
    const std::vector<std::string> extras = app_.remaining(true);
    const auto first = std::ranges::find_if(
        words, [&](const char* word) { return std::ranges::find(extras, word) != extras.end(); });
    const std::string word = first == words.end() ? "" : *first;
    const bool is_command = app_.get_subcommands().empty() && !word.starts_with('-');
    refuse(is_command ? "there is no command '" + word + "'"
                      : "unexpected argument '" + word + "'");
  }

  std::variant<Ask, CheckConfig, Text> command() const {
    if (help_) return Text{std::string(kHelpText)};
    if (version_) return Text{std::string(kVersionText)};
    const auto given = app_.get_subcommands();
    if (given.empty()) refuse("nothing to do: give a command, such as status");
    const std::string name = given.front()->get_name();
    if (name == "check-config") {
      return CheckConfig{words_.file.empty() ? installed_configuration() : words_.file,
                         words_.python};
    }
    return Ask{request(name, *given.front()), words_.json};
  }

  Request request(const std::string& name, const CLI::App& given) const {
    if (name == "status") return StatusRequest{words_.workers};
    if (name == "start") return command(WorkerCommand::kStart, name);
    if (name == "stop") return command(WorkerCommand::kStop, name);
    if (name == "restart") return command(WorkerCommand::kRestart, name);
    if (name == "reload") return ReloadRequest{};
    if (name == "dump") return DumpRequest{words_.target, format()};
    EventsRequest events{words_.follow, std::nullopt, format()};
    if (words_.follow) events.last = kLastOfFollowers;
    if (given.count("--last") > 0) events.last = words_.last;
    return events;
  }

  CommandRequest command(WorkerCommand which, const std::string& name) const {
    if (words_.workers.empty() && !words_.all) refuse(name + " needs a WORKER, or --all");
    if (!words_.workers.empty() && words_.all) refuse(name + " takes a WORKER or --all, not both");
    return {which, words_.workers, words_.all, !words_.no_wait};
  }

  ReportFormat format() const { return words_.json ? ReportFormat::kJson : ReportFormat::kText; }

  CLI::App app_;
  Words words_;
  bool help_ = false;
  bool version_ = false;
};

}  // namespace

Options parse_options(std::span<const char* const> words) {
  return Grammar().parse(words);
}

}  // namespace pyfault::ctl

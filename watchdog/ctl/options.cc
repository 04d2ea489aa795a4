#include "watchdog/ctl/options.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>
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

constexpr char kName[] = "pyfaultctl";
constexpr char kVersion[] = "pyfaultctl " PYFAULT_VERSION;
constexpr char kDescription[] = "Asks a running pyfault-watchdog service, and tells it what to do.";

constexpr char kFooter[] =
    R"('pyfaultctl COMMAND --help' shows the options of a command.

WORKER is a name of 'status'; of several instances, web means web#1, web#2 and so on.

Exit status: 0 when it was done and is well, 1 when not, 2 for words that make no sense, 3 when no
service is running, 4 when there is no such worker.)";

constexpr std::size_t kLastOfFollowers = 10;  // as in tail and journalctl

[[noreturn]] void refuse(const std::string& message) {
  throw StartError(kExitUsage, message + " (see pyfaultctl --help)");
}

// CLI11 would put no line between description and usage, the type TEXT behind each argument, and
// behind each option those that it excludes.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { label("SUBCOMMAND", "COMMAND [ARG...]"); }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    return '\n' + CLI::Formatter::make_usage(app, std::move(name));
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const bool has_type = !option->get_positional() && !option->get_type_name().empty();
    return has_type ? ' ' + option->get_type_name() : "";
  }
};

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
  Grammar() : app_(kDescription, kName) {
    app_.formatter(std::make_shared<HelpFormatter>());
    app_.footer(kFooter);
    app_.require_subcommand(0, 1);
    app_.add_option("--socket", words_.socket,
                    "where the service listens (default: $RUNTIME_DIRECTORY/control; else\n"
                    "/run/pyfault-watchdog/control for root, and\n"
                    "$XDG_RUNTIME_DIR/pyfault-watchdog/control for others)")
        ->type_name("PATH");
    app_.set_version_flag("--version", kVersion, "print the version and exit");
    app_.set_help_flag("-h,--help", "print this text and exit");
    add_status();
    add_command("start", "start workers, and wait until they are up");
    add_command("stop", "stop workers; they stay down until they are started");
    add_command("restart", "stop and start workers");
    add("reload", "read the configuration again; prints what is wrong with it");
    add_events();
    add_dump();
    add_check_config();
  }

  Options parse(std::span<const char* const> words) {
    std::vector<const char*> all = {kName};
    all.insert(all.end(), words.begin(), words.end());
    try {
      app_.parse(static_cast<int>(all.size()), all.data());
    } catch (const CLI::CallForHelp&) {
      return {{}, Text{app_.help()}};
    } catch (const CLI::CallForVersion&) {
      return {{}, Text{app_.version() + "\n"}};
    } catch (const CLI::ExtrasError&) {
      refuse_extras(words);
    } catch (const CLI::ParseError& error) {
      refuse(error.what());
    }
    Options options;
    if (app_.count("--socket") > 0) options.socket = words_.socket;
    options.command = command();
    return options;
  }

 private:
  CLI::App* add(const std::string& name, const std::string& description) {
    CLI::App* command = app_.add_subcommand(name, description)->group("Commands");
    command->footer("");
    return command->fallthrough();  // --socket may follow it
  }

  void add_json(CLI::App* command) { command->add_flag("--json", words_.json, "print JSON"); }

  void add_status() {
    CLI::App* status =
        add("status", "how the workers are; exit status 0 when all of them are well, else 1");
    status->add_option("WORKER", words_.workers, "only these");
    add_json(status);
  }

  void add_command(const std::string& name, const std::string& description) {
    CLI::App* command = add(name, description);
    CLI::Option* workers = command->add_option("WORKER", words_.workers, "names of 'status'");
    command->add_flag("--all", words_.all, "all workers")->excludes(workers);
    command->add_flag("--no-wait", words_.no_wait, "do not wait for what comes of it");
  }

  void add_events() {
    CLI::App* events = add("events", "what has happened lately");
    events->add_flag("-f,--follow", words_.follow, "and what happens from now on");
    events
        ->add_option("-n,--last", words_.last,
                     "the last N of it (default: all that is kept, with -f 10)")
        ->type_name("N");
    add_json(events);
  }

  void add_dump() {
    CLI::App* dump = add("dump", "the Python stacks of all threads of a running process");
    dump->add_option("WORKER|PID", words_.target, "a worker, or any watched process")->required();
    add_json(dump);
  }

  void add_check_config() {
    CLI::App* check = add("check-config", "what is wrong with a configuration; needs no service");
    check->add_option("FILE", words_.file, "the configuration (default: the installation's)");
    check
        ->add_option("--python", words_.python, "as of pyfault-watchdog (default: python3 on PATH)")
        ->type_name("PATH");
  }

  // CLI11 names them in reverse order, and does not know that a command was meant.
  [[noreturn]] void refuse_extras(std::span<const char* const> words) const {
    const std::vector<std::string> extras = app_.remaining(true);
    const auto first = std::ranges::find_if(
        words, [&](const char* word) { return std::ranges::find(extras, word) != extras.end(); });
    const std::string word = first == words.end() ? "" : *first;
    const bool is_command = app_.get_subcommands().empty() && !word.starts_with('-');
    refuse(
        fmt::format("{} '{}'", is_command ? "there is no command" : "unexpected argument", word));
  }

  std::variant<Ask, CheckConfig, Text> command() const {
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

  // An option group of CLI11 would require one of them, but the help would show them apart.
  CommandRequest command(WorkerCommand which, const std::string& name) const {
    if (words_.workers.empty() && !words_.all) refuse(name + " needs a WORKER, or --all");
    return {which, words_.workers, words_.all, !words_.no_wait};
  }

  ReportFormat format() const { return words_.json ? ReportFormat::kJson : ReportFormat::kText; }

  CLI::App app_;
  Words words_;
};

}  // namespace

Options parse_options(std::span<const char* const> words) {
  return Grammar().parse(words);
}

}  // namespace pyfault::ctl

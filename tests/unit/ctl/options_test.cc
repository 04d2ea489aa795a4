#include "watchdog/ctl/options.h"

#include <gmock/gmock.h>

#include <vector>

#include "watchdog/ctl/exit_codes.h"
#include "watchdog/start_error.h"

namespace pyfault::ctl {
namespace {

using testing::HasSubstr;
using Words = std::vector<const char*>;

Request request_of(const Words& words) {
  return std::get<Ask>(parse_options(words).command).request;
}

std::string refusal_of(const Words& words) {
  try {
    parse_options(words);
    return "";
  } catch (const StartError& error) {
    EXPECT_EQ(error.exit_code(), kExitUsage);
    return error.what();
  }
}

TEST(CtlOptions, status) {
  EXPECT_EQ(request_of({"status"}), Request(StatusRequest{}));
  EXPECT_EQ(request_of({"status", "web", "queue#2"}), Request(StatusRequest{{"web", "queue#2"}}));
  EXPECT_TRUE(std::get<Ask>(parse_options(Words{"status", "--json"}).command).json);
}

TEST(CtlOptions, commands) {
  EXPECT_EQ(request_of({"start", "web"}),
            Request(CommandRequest{WorkerCommand::kStart, {"web"}, false, true}));
  EXPECT_EQ(request_of({"stop", "--all"}),
            Request(CommandRequest{WorkerCommand::kStop, {}, true, true}));
  EXPECT_EQ(request_of({"restart", "--no-wait", "web"}),
            Request(CommandRequest{WorkerCommand::kRestart, {"web"}, false, false}));
}

TEST(CtlOptions, a_command_says_of_whom) {
  EXPECT_THAT(refusal_of({"stop"}), HasSubstr("stop needs a WORKER, or --all"));
  EXPECT_THAT(refusal_of({"stop", "web", "--all"}), HasSubstr("WORKER excludes --all"));
}

TEST(CtlOptions, events_are_all_that_is_kept) {
  EXPECT_EQ(request_of({"events"}), Request(EventsRequest{}));
  EXPECT_EQ(request_of({"events", "-n", "3", "--json"}),
            Request(EventsRequest{false, 3, ReportFormat::kJson}));
}

TEST(CtlOptions, following_begins_with_the_last_ten) {
  EXPECT_EQ(request_of({"events", "-f"}), Request(EventsRequest{true, 10, ReportFormat::kText}));
  EXPECT_EQ(request_of({"events", "-f", "-n", "0"}),
            Request(EventsRequest{true, 0, ReportFormat::kText}));
  EXPECT_THAT(refusal_of({"events", "-n", "many"}), HasSubstr("many"));
}

TEST(CtlOptions, a_dump_needs_its_target) {
  EXPECT_EQ(request_of({"dump", "4711"}), Request(DumpRequest{"4711", ReportFormat::kText}));
  EXPECT_THAT(refusal_of({"dump"}), HasSubstr("WORKER|PID"));
}

TEST(CtlOptions, the_socket_comes_before_the_command_or_after_it) {
  EXPECT_EQ(parse_options(Words{"--socket", "/run/x", "reload"}).socket, "/run/x");
  EXPECT_EQ(parse_options(Words{"status", "web", "--socket", "/run/x"}).socket, "/run/x");
  EXPECT_EQ(parse_options(Words{"reload"}).socket, std::nullopt);
}

TEST(CtlOptions, checks_the_file_of_the_installation_where_none_is_named) {
  EXPECT_EQ(std::get<CheckConfig>(parse_options(Words{"check-config", "x.toml"}).command).file,
            "x.toml");
  EXPECT_THAT(std::get<CheckConfig>(parse_options(Words{"check-config"}).command).file,
              testing::EndsWith("/pyfault-watchdog/pyfault-watchdog.toml"));
}

TEST(CtlOptions, help_names_every_command) {
  const std::string help = std::get<Text>(parse_options(Words{"--help"}).command).text;
  for (const char* word : {"Usage: pyfaultctl ", "status", "start", "stop", "restart", "reload",
                           "events", "dump", "check-config", "--socket PATH", "Exit status"}) {
    EXPECT_THAT(help, HasSubstr(word));
  }
}

TEST(CtlOptions, each_command_has_a_help_of_its_own) {
  const std::string help = std::get<Text>(parse_options(Words{"stop", "-h"}).command).text;
  for (const char* word : {"Usage: pyfaultctl stop ", "WORKER", "--all", "--no-wait"}) {
    EXPECT_THAT(help, HasSubstr(word));
  }
  EXPECT_THAT(std::get<Text>(parse_options(Words{"dump", "--help"}).command).text,
              HasSubstr("Usage: pyfaultctl dump "));
}

TEST(CtlOptions, what_makes_no_sense_is_named) {
  EXPECT_THAT(refusal_of({}), HasSubstr("give a command"));
  EXPECT_THAT(refusal_of({"signal", "HUP", "web"}), HasSubstr("there is no command 'signal'"));
  EXPECT_THAT(refusal_of({"status", "--fast"}), HasSubstr("unexpected argument '--fast'"));
  EXPECT_THAT(refusal_of({"reload", "web", "now"}), HasSubstr("unexpected argument 'web'"));
}

}  // namespace
}  // namespace pyfault::ctl

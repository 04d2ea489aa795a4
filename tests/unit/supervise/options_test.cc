#include "watchdog/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "watchdog/start_error.h"

namespace pyfault {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Words = std::vector<const char*>;

Options parsed(const Words& words) {
  return std::get<Options>(parse_options(words));
}

std::string answer(const Words& words) {
  return std::get<Answer>(parse_options(words)).text;
}

// The error message for the user.
std::string refusal(const Words& words) {
  try {
    parse_options(words);
  } catch (const StartError& error) {
    EXPECT_EQ(error.exit_code(), kExitOwnError);
    EXPECT_THAT(error.what(), Not(HasSubstr("\n")));
    return error.what();
  }
  return "";
}

TEST(OptionsTest, defaults_are_text_on_stderr_and_python_3) {
  const Options options = parsed({"--exec", "app.py"});
  EXPECT_EQ(options.log, std::nullopt);
  EXPECT_EQ(options.log_format, LogFormat::kText);
  EXPECT_EQ(options.python, "python3");
}

TEST(OptionsTest, everything_after_exec_belongs_to_the_program) {
  const Options options =
      parsed({"--log", "a", "--exec", "app.py", "--log", "b", "--help", "--exec", "--", "-x", ""});
  EXPECT_THAT(options.command,
              ElementsAre("app.py", "--log", "b", "--help", "--exec", "--", "-x", ""));
  EXPECT_EQ(options.log, "a");
}

TEST(OptionsTest, exec_takes_its_program_after_an_equals_sign_too) {
  EXPECT_THAT(parsed({"--exec=app.py", "1"}).command, ElementsAre("app.py", "1"));
  EXPECT_THAT(parsed({"--exec=-m", "http.server"}).command, ElementsAre("-m", "http.server"));
}

TEST(OptionsTest, native_stacks_are_reported_unless_they_are_switched_off) {
  EXPECT_EQ(parsed({"--exec", "x"}).native, NativeMode::kOn);
  EXPECT_EQ(parsed({"--native", "off", "--exec", "x"}).native, NativeMode::kOff);
  EXPECT_EQ(parsed({"--native=full", "--exec", "x"}).native, NativeMode::kFull);
}

TEST(OptionsTest, debug_information_is_fetched_from_servers_that_are_named) {
  EXPECT_THAT(
      parsed({"--debuginfod", "http://a", "--debuginfod", "http://b", "--exec", "x"}).debuginfod,
      ElementsAre("http://a", "http://b"));
  EXPECT_THAT(refusal({"--debuginfod", "a", "--exec", "x"}),
              HasSubstr("URL of a debuginfod server"));
  EXPECT_THAT(refusal({"--debuginfod", "http://a", "--native", "off", "--exec", "x"}),
              HasSubstr("--debuginfod needs --native"));
}

TEST(OptionsTest, words_of_secret_keys_can_be_added) {
  EXPECT_TRUE(parsed({"--exec", "x"}).redaction.is_on);
  EXPECT_EQ(parsed({"--redact", "pin", "--redact", "tan", "--exec", "x"}).redaction,
            (RedactionSettings{true, {"pin", "tan"}}));
  EXPECT_FALSE(parsed({"--no-redact", "--exec", "x"}).redaction.is_on);
  EXPECT_THAT(refusal({"--redact", "--exec", "x"}), HasSubstr("--redact"));
  EXPECT_THAT(refusal({"--redact", "_", "--exec", "x"}), HasSubstr("a word of a key expected"));
  EXPECT_THAT(refusal({"--redact", "pin", "--no-redact", "--exec", "x"}),
              HasSubstr("leave one of them out"));
  EXPECT_THAT(refusal({"--config", "f.toml", "--redact", "pin"}),
              HasSubstr("write it in the file, as a key of [service]"));
}

TEST(OptionsTest, minidumps_are_made_of_native_stacks) {
  EXPECT_EQ(parsed({"--exec", "x"}).minidumps, "");
  EXPECT_EQ(parsed({"--minidumps", "/d", "--exec", "x"}).minidumps, "/d");
  EXPECT_THAT(refusal({"--native", "off", "--minidumps", "/d", "--exec", "x"}),
              HasSubstr("--minidumps needs --native on or full"));
}

TEST(OptionsTest, values_may_follow_an_equals_sign) {
  const Options options = parsed({"--log=f", "--log-format=json", "--python=p", "--exec", "x"});
  EXPECT_EQ(options.log, "f");
  EXPECT_EQ(options.log_format, LogFormat::kJson);
  EXPECT_EQ(options.python, "p");
}

TEST(OptionsTest, all_three_formats_are_known) {
  EXPECT_EQ(parsed({"--log-format", "text", "--exec", "x"}).log_format, LogFormat::kText);
  EXPECT_EQ(parsed({"--log-format", "json", "--exec", "x"}).log_format, LogFormat::kJson);
  EXPECT_EQ(parsed({"--log-format", "faulthandler", "--exec", "x"}).log_format,
            LogFormat::kFaulthandler);
}

TEST(OptionsTest, an_empty_program_name_is_left_for_the_search_to_refuse) {
  EXPECT_THAT(parsed({"--exec", ""}).command, ElementsAre(""));
}

TEST(OptionsTest, nothing_after_exec_is_refused) {
  EXPECT_THAT(refusal({"--exec"}), HasSubstr("--exec needs a PROGRAM"));
  EXPECT_THAT(refusal({"--exec="}), HasSubstr("--exec needs a PROGRAM"));
}

TEST(OptionsTest, a_process_that_runs_already_needs_no_program) {
  const Options options = parsed({"--watch", "42", "--log", "f", "--native", "off"});
  EXPECT_EQ(options.running, 42);
  EXPECT_EQ(options.log, "f");
  EXPECT_EQ(options.native, NativeMode::kOff);
  EXPECT_THAT(options.command, IsEmpty());
  EXPECT_EQ(parsed({"--exec", "x"}).running, 0);
}

TEST(OptionsTest, what_runs_already_is_named_by_its_number) {
  for (const char* word : {"0", "app", "1.5", "99999999999"}) {
    EXPECT_THAT(refusal({"--watch", word}), HasSubstr("--watch")) << word;
  }
  EXPECT_THAT(refusal({"--watch", "-1"}), HasSubstr("--watch: PID expected, not '-1'"));
  EXPECT_THAT(refusal({"--watch"}), HasSubstr("--watch needs a value: PID"));
}

TEST(OptionsTest, what_runs_already_is_not_run_besides) {
  EXPECT_THAT(refusal({"--watch", "42", "--exec", "x"}),
              HasSubstr("--exec does not go with --watch"));
  EXPECT_THAT(refusal({"--watch", "42", "--config", "f"}), HasSubstr("does not go with"));
  EXPECT_THAT(refusal({"--watch", "42", "--no-linger"}), HasSubstr("does not go with"));
}

TEST(OptionsTest, no_exec_at_all_is_refused) {
  EXPECT_THAT(refusal({}), HasSubstr("give --exec PROGRAM"));
  EXPECT_THAT(refusal({"--log", "f"}), HasSubstr("give --exec PROGRAM"));
}

TEST(OptionsTest, an_unknown_option_is_named) {
  EXPECT_THAT(refusal({"--nope", "--exec", "x"}), HasSubstr("unknown option '--nope'"));
  EXPECT_THAT(refusal({"--lo", "f", "--exec", "x"}), HasSubstr("unknown option '--lo'"));
  EXPECT_THAT(refusal({"-q", "--exec", "x"}), HasSubstr("unknown option '-q'"));
}

TEST(OptionsTest, a_program_without_exec_is_told_where_it_goes) {
  EXPECT_THAT(refusal({"app.py"}), HasSubstr("'app.py': the program to run goes after --exec"));
}

TEST(OptionsTest, a_forgotten_value_does_not_swallow_exec) {
  EXPECT_THAT(refusal({"--log", "--exec", "x"}), HasSubstr("--log needs a value: FILE"));
  EXPECT_THAT(refusal({"--log=", "--exec", "x"}), HasSubstr("--log needs a value: FILE"));
  EXPECT_THAT(refusal({"--log-format", "--exec", "x"}),
              HasSubstr("--log-format needs a value: FORMAT"));
  EXPECT_THAT(refusal({"--python", "", "--exec", "x"}),
              HasSubstr("--python: PATH expected, not ''"));
}

TEST(OptionsTest, a_forgotten_value_does_not_swallow_the_next_option) {
  EXPECT_THAT(refusal({"--log", "--all-exits", "--exec", "x"}),
              HasSubstr("--log: FILE expected, not '--all-exits'"));
}

TEST(OptionsTest, an_unknown_format_is_named_with_the_known_ones) {
  EXPECT_THAT(refusal({"--log-format", "xml", "--exec", "x"}),
              HasSubstr("--log-format: xml not in {faulthandler,json,text}"));
}

TEST(OptionsTest, an_option_given_twice_is_refused) {
  EXPECT_THAT(refusal({"--log", "a", "--log", "b", "--exec", "x"}),
              HasSubstr("--log is given more than once"));
}

TEST(OptionsTest, a_service_has_a_file_and_no_program) {
  const auto options = std::get<ServiceOptions>(
      parse_options(Words{"--config", "f.toml", "--log", "l", "--log-format", "json"}));
  EXPECT_EQ(options.file, "f.toml");
  EXPECT_EQ(options.log, "l");
  EXPECT_EQ(options.log_format, LogFormat::kJson);
  EXPECT_EQ(options.python, "python3");
  EXPECT_THAT(refusal({"--config", "f.toml", "--native", "on"}), HasSubstr("write it in the file"));
  EXPECT_THAT(refusal({"--config", "f.toml", "--minidumps", "/d"}),
              HasSubstr("write it in the file, as a key of [service]"));
  for (const char* other : {"--exec", "--all-exits", "--no-linger", "--doctor"}) {
    EXPECT_THAT(refusal({"--config", "f.toml", other}),
                AllOf(HasSubstr("--config"), HasSubstr(other), HasSubstr("does not go with")));
  }
}

TEST(OptionsTest, doctor_takes_an_interpreter_and_nothing_else) {
  EXPECT_EQ(std::get<Checkup>(parse_options(Words{"--doctor"})).python, "python3");
  EXPECT_EQ(std::get<Checkup>(parse_options(Words{"--python", "p", "--doctor"})).python, "p");
  for (const char* other : {"--exec", "--log=f", "--log-format=json", "--dump-before=none"}) {
    EXPECT_THAT(refusal({"--doctor", other}),
                AllOf(HasSubstr("--doctor"), HasSubstr("leave one of them out")));
  }
}

TEST(OptionsTest, a_flag_takes_no_value) {
  EXPECT_THAT(refusal({"--version=1"}), HasSubstr("--version takes no value"));
}

TEST(OptionsTest, help_names_every_option_variable_and_exit_code) {
  const std::string help = answer({"--help"});
  for (const char* word : {"--exec", "--python", "--log ", "--log-format", "--config", "--version",
                           "--doctor", "LD_PRELOAD", "PYFAULT_SOCKET", "125", "126", "127"}) {
    EXPECT_THAT(help, HasSubstr(word));
  }
}

TEST(OptionsTest, help_and_version_need_no_program) {
  EXPECT_THAT(answer({"--version"}), testing::StartsWith("pyfault-watchdog "));
  EXPECT_THAT(answer({"--log", "f", "--help"}), HasSubstr("Usage:"));
}

}  // namespace
}  // namespace pyfault

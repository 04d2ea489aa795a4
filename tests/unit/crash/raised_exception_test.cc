// Finds an exception in what CPython has printed, and is not fooled by output that only looks like
// a traceback.
#include "watchdog/crash/raised_exception.h"

#include <gmock/gmock.h>

namespace pyfault {
namespace {

using testing::EndsWith;
using testing::StartsWith;

constexpr char kFrames[] =
    "Traceback (most recent call last):\n"
    "  File \"/app/main.py\", line 9, in <module>\n"
    "    main()\n"
    "    ~~~~^^\n"
    "  File \"/app/main.py\", line 5, in main\n"
    "    load(path)\n";

std::optional<RaisedException> raised(const std::string& end, const std::string& before = "") {
  return exception_at_end(before + kFrames + end);
}

TEST(ExceptionAtEnd, has_a_type_and_a_message) {
  const auto exception = raised("ValueError: no such table: users\n", "starting\n");
  ASSERT_TRUE(exception);
  EXPECT_EQ(exception->type, "ValueError");
  EXPECT_EQ(exception->message, "no such table: users");
  EXPECT_THAT(exception->traceback, StartsWith("Traceback (most recent call last):\n  File"));
  EXPECT_THAT(exception->traceback, EndsWith("\nValueError: no such table: users"));
}

TEST(ExceptionAtEnd, needs_no_message) {
  EXPECT_EQ(raised("KeyboardInterrupt\n")->type, "KeyboardInterrupt");
  EXPECT_EQ(raised("KeyboardInterrupt\n")->message, "");
  EXPECT_EQ(raised("app.errors.NotReady: \n")->type, "app.errors.NotReady");
}

TEST(ExceptionAtEnd, may_have_a_message_of_several_lines) {
  EXPECT_EQ(raised("pydantic.ValidationError: 1 error\nname\n  missing\n")->message,
            "1 error\nname\n  missing");
}

TEST(ExceptionAtEnd, may_have_a_message_whose_first_line_ends_in_a_colon) {
  EXPECT_EQ(raised("ValueError: missing keys:\n  a\n")->type, "ValueError");
  EXPECT_EQ(raised("ValueError:\n")->type, "ValueError");
}

TEST(ExceptionAtEnd, is_not_what_the_program_has_gone_on_from) {
  std::string more;
  for (int line = 0; line < 40; ++line) more += "serving\n";
  EXPECT_FALSE(raised("ValueError: x\n" + more));
  EXPECT_FALSE(raised("ValueError: x\n", "Process Worker-1:\n"));
}

TEST(ExceptionAtEnd, may_have_a_class_in_a_function) {
  EXPECT_EQ(raised("__main__.main.<locals>.Oops: x")->type, "__main__.main.<locals>.Oops");
}

TEST(ExceptionAtEnd, brings_those_that_led_to_it) {
  const std::string first = std::string(kFrames) + "KeyError: 'x'\n";
  const auto exception = raised(
      "RuntimeError: no\n",
      "x\n" + first + "\nThe above exception was the direct cause of the following exception:\n\n");
  EXPECT_EQ(exception->type, "RuntimeError");
  EXPECT_THAT(exception->traceback, StartsWith(first));
}

TEST(ExceptionAtEnd, is_the_last_of_several) {
  const auto exception = raised("OSError: new\n", std::string(kFrames) + "KeyError: old\nmore\n");
  EXPECT_EQ(exception->type, "OSError");
  EXPECT_EQ(exception->traceback, std::string(kFrames) + "OSError: new");
}

TEST(ExceptionAtEnd, may_be_a_group) {
  const auto exception = exception_at_end(
      "  + Exception Group Traceback (most recent call last):\n"
      "  |   File \"app.py\", line 3, in <module>\n"
      "  |     raise ExceptionGroup(\"both\", [ValueError(1)])\n"
      "  | ExceptionGroup: both (1 sub-exception)\n"
      "  +-+---------------- 1 ----------------\n"
      "    | ValueError: 1\n"
      "    +------------------------------------\n");
  ASSERT_TRUE(exception);
  EXPECT_EQ(exception->type, "ExceptionGroup");
  EXPECT_THAT(exception->message, StartsWith("both (1 sub-exception)\n"));
}

TEST(ExceptionAtEnd, of_a_thread_ends_no_program) {
  EXPECT_FALSE(raised("ValueError: x", "Exception in thread Thread-1 (run):\n"));
  EXPECT_FALSE(raised("ValueError: x", "Exception ignored in: <function f at 0x7f>\n"));
}

TEST(ExceptionAtEnd, is_none_in_other_text) {
  EXPECT_FALSE(exception_at_end(""));
  EXPECT_FALSE(exception_at_end("error: no such file\n"));
  EXPECT_FALSE(raised("2026-12-01 12:00:00 the server goes on"));
  EXPECT_FALSE(raised(""));
}

TEST(ExceptionAtEnd, is_valid_utf_8) {
  EXPECT_EQ(raised("ValueError: caf\xe9")->message, "caf\ufffd");
}

TEST(ExceptionAtEnd, of_one_place_and_type_has_one_fingerprint) {
  const std::string one = raised("ValueError: 1")->fingerprint;
  EXPECT_EQ(raised("ValueError: 2", "more\n")->fingerprint, one);
  EXPECT_NE(raised("KeyError: 1")->fingerprint, one);
  EXPECT_NE(raised("  File \"/app/load.py\", line 1, in load\n    x\nValueError: 1")->fingerprint,
            one);
}

}  // namespace
}  // namespace pyfault

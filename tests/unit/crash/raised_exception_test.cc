// What CPython has printed, as it is, and what looks like it.
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

TEST(ExceptionAtEnd, HasATypeAndAMessage) {
  const auto exception = raised("ValueError: no such table: users\n", "starting\n");
  ASSERT_TRUE(exception);
  EXPECT_EQ(exception->type, "ValueError");
  EXPECT_EQ(exception->message, "no such table: users");
  EXPECT_THAT(exception->traceback, StartsWith("Traceback (most recent call last):\n  File"));
  EXPECT_THAT(exception->traceback, EndsWith("\nValueError: no such table: users"));
}

TEST(ExceptionAtEnd, NeedsNoMessage) {
  EXPECT_EQ(raised("KeyboardInterrupt\n")->type, "KeyboardInterrupt");
  EXPECT_EQ(raised("KeyboardInterrupt\n")->message, "");
  EXPECT_EQ(raised("app.errors.NotReady: \n")->type, "app.errors.NotReady");
}

TEST(ExceptionAtEnd, MayHaveAMessageOfSeveralLines) {
  EXPECT_EQ(raised("pydantic.ValidationError: 1 error\nname\n  missing\n")->message,
            "1 error\nname\n  missing");
}

TEST(ExceptionAtEnd, MayHaveAMessageWhoseFirstLineEndsInAColon) {
  EXPECT_EQ(raised("ValueError: missing keys:\n  a\n")->type, "ValueError");
  EXPECT_EQ(raised("ValueError:\n")->type, "ValueError");
}

TEST(ExceptionAtEnd, IsNotWhatTheProgramHasGoneOnFrom) {
  std::string more;
  for (int line = 0; line < 40; ++line) more += "serving\n";
  EXPECT_FALSE(raised("ValueError: x\n" + more));
  EXPECT_FALSE(raised("ValueError: x\n", "Process Worker-1:\n"));
}

TEST(ExceptionAtEnd, MayHaveAClassInAFunction) {
  EXPECT_EQ(raised("__main__.main.<locals>.Oops: x")->type, "__main__.main.<locals>.Oops");
}

TEST(ExceptionAtEnd, BringsThoseThatLedToIt) {
  const std::string first = std::string(kFrames) + "KeyError: 'x'\n";
  const auto exception = raised(
      "RuntimeError: no\n",
      "x\n" + first + "\nThe above exception was the direct cause of the following exception:\n\n");
  EXPECT_EQ(exception->type, "RuntimeError");
  EXPECT_THAT(exception->traceback, StartsWith(first));
}

TEST(ExceptionAtEnd, IsTheLastOfSeveral) {
  const auto exception = raised("OSError: new\n", std::string(kFrames) + "KeyError: old\nmore\n");
  EXPECT_EQ(exception->type, "OSError");
  EXPECT_EQ(exception->traceback, std::string(kFrames) + "OSError: new");
}

TEST(ExceptionAtEnd, MayBeAGroup) {
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

TEST(ExceptionAtEnd, OfAThreadEndsNoProgram) {
  EXPECT_FALSE(raised("ValueError: x", "Exception in thread Thread-1 (run):\n"));
  EXPECT_FALSE(raised("ValueError: x", "Exception ignored in: <function f at 0x7f>\n"));
}

TEST(ExceptionAtEnd, IsNoneInOtherText) {
  EXPECT_FALSE(exception_at_end(""));
  EXPECT_FALSE(exception_at_end("error: no such file\n"));
  EXPECT_FALSE(raised("2026-12-01 12:00:00 the server goes on"));
  EXPECT_FALSE(raised(""));
}

TEST(ExceptionAtEnd, IsValidUtf8) {
  EXPECT_EQ(raised("ValueError: caf\xe9")->message, "caf\ufffd");
}

TEST(ExceptionAtEnd, OfOnePlaceAndTypeHasOneFingerprint) {
  const std::string one = raised("ValueError: 1")->fingerprint;
  EXPECT_EQ(raised("ValueError: 2", "more\n")->fingerprint, one);
  EXPECT_NE(raised("KeyError: 1")->fingerprint, one);
  EXPECT_NE(raised("  File \"/app/load.py\", line 1, in load\n    x\nValueError: 1")->fingerprint,
            one);
}

}  // namespace
}  // namespace pyfault

#include "watchdog/enrich/watch_signs.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace pyfault {
namespace {

// The signs of a Python that has finished its start-up and is not watched.
WatchSigns python() {
  WatchSigns signs;
  signs.executable = "/usr/bin/python3.11";
  signs.is_mapped = signs.has_agent = signs.has_python = signs.has_run = true;
  return signs;
}

std::string verdict(const WatchSigns& signs) {
  const auto verdict = judge(signs);
  if (!verdict) return "none";
  return std::string(name_of(verdict->why.reason)) + (verdict->is_certain ? "" : "?");
}

TEST(JudgeTest, who_has_a_ring_is_watched) {
  WatchSigns signs = python();
  signs.has_ring = true;
  EXPECT_EQ(verdict(signs), "none");
}

TEST(JudgeTest, what_the_loader_was_told_is_certain) {
  WatchSigns signs = python();
  signs.secure = true;
  EXPECT_EQ(verdict(signs), "set-user-id");
}

TEST(JudgeTest, without_a_loader_nothing_is_preloaded) {
  WatchSigns signs = python();
  signs.has_loader = false;
  EXPECT_EQ(verdict(signs), "statically-linked");
}

TEST(JudgeTest, other_implementations_are_known_by_their_names) {
  WatchSigns signs = python();
  signs.executable = "/opt/pypy3.10/bin/pypy3.10-c";
  EXPECT_EQ(verdict(signs), "other-implementation");
  EXPECT_EQ(judge(signs)->why.predicate, "is PyPy, not CPython");
}

TEST(JudgeTest, of_one_that_has_only_just_begun_nothing_is_said) {
  WatchSigns signs = python();
  signs.has_run = signs.has_agent = false;
  EXPECT_EQ(verdict(signs), "none");
}

TEST(JudgeTest, the_rest_may_still_change) {
  WatchSigns signs = python();
  EXPECT_EQ(verdict(signs), "not-attached?");
  signs.has_python = false;
  EXPECT_EQ(verdict(signs), "not-python?");
  signs.has_agent = false;
  EXPECT_EQ(verdict(signs), "agent-not-loaded?");
}

TEST(JudgeTest, of_one_that_may_not_be_looked_into_nothing_is_guessed) {
  WatchSigns signs = python();
  signs.is_mapped = signs.has_agent = false;
  EXPECT_EQ(verdict(signs), "none");
}

// Below a worker.
std::string verdict_below(const WatchSigns& signs) {
  const auto verdict = judge_one_below(signs);
  return verdict ? std::string(name_of(verdict->why.reason)) : "none";
}

TEST(JudgeBelowTest, a_python_is_judged_like_the_worker) {
  WatchSigns signs = python();
  EXPECT_EQ(verdict_below(signs), "not-attached");
  signs.has_agent = false;
  EXPECT_EQ(verdict_below(signs), "agent-not-loaded");
  signs.has_ring = true;
  EXPECT_EQ(verdict_below(signs), "none");
}

TEST(JudgeBelowTest, another_implementation_is_a_python_too) {
  WatchSigns signs = python();
  signs.executable = "/opt/pypy3.10/bin/pypy3.10-c";
  signs.has_python = false;
  EXPECT_EQ(verdict_below(signs), "other-implementation");
}

TEST(JudgeBelowTest, who_may_not_be_looked_into_is_known_by_name) {
  WatchSigns signs;
  signs.name = "pypy3";
  signs.secure = true;
  EXPECT_EQ(verdict_below(signs), "set-user-id");
}

TEST(JudgeBelowTest, a_program_without_python_is_left_alone) {
  WatchSigns signs = python();
  signs.has_python = signs.has_agent = false;
  EXPECT_EQ(verdict_below(signs), "none");
  signs.has_loader = false;
  EXPECT_EQ(verdict_below(signs), "none");
}

TEST(JudgeBelowTest, a_program_that_has_merely_linked_libpython_is_left_alone) {
  WatchSigns signs = python();
  signs.executable = "/usr/bin/perf";
  EXPECT_EQ(verdict_below(signs), "none");
}

WatchSigns program(const char* executable) {
  WatchSigns signs;
  signs.executable = executable;
  signs.is_mapped = true;
  return signs;
}

TEST(ClearedTest, is_one_that_has_a_ring_or_executed_another_program) {
  WatchSigns signs = python();
  EXPECT_FALSE(is_cleared(signs));
  signs.has_ring = true;
  EXPECT_TRUE(is_cleared(signs));
  EXPECT_TRUE(is_cleared(program("/bin/sleep")));
}

TEST(ClearedTest, is_none_that_may_not_be_looked_into_or_has_the_agent) {
  WatchSigns signs = program("/opt/app");
  signs.has_agent = true;
  EXPECT_FALSE(is_cleared(signs));
  signs.has_agent = signs.is_mapped = false;
  EXPECT_FALSE(is_cleared(signs));
}

TEST(WatchSignsTest, are_read_of_a_process_that_lives) {
  const auto signs = look_for_agent(::getpid());
  ASSERT_TRUE(signs);
  EXPECT_TRUE(signs->is_mapped && signs->has_loader);
  EXPECT_FALSE(signs->secure || signs->has_agent || signs->has_python);
  EXPECT_NE(signs->executable.find("unit_enrich"), std::string::npos);
}

TEST(WatchSignsTest, of_one_that_is_gone_there_are_none) {
  EXPECT_FALSE(look_for_agent(1 << 30));
}

TEST(ObstacleTest, is_what_keeps_the_loader_from_preloading) {
  const ProgramFile fine{.elf = true, .native = true, .dynamic = true};
  const auto reason = [](ProgramFile file) { return obstacle_in(file)->reason; };
  EXPECT_FALSE(obstacle_in(fine));
  EXPECT_FALSE(obstacle_in({}));
  EXPECT_EQ(reason({.elf = true, .native = true}), UnwatchedReason::kStaticallyLinked);
  EXPECT_EQ(reason({.elf = true}), UnwatchedReason::kOtherMachine);
  EXPECT_EQ(reason({.elf = true, .native = true, .dynamic = true, .musl = true}),
            UnwatchedReason::kOtherLibc);
  EXPECT_EQ(reason({.privileged = true}), UnwatchedReason::kSetUserId);
}

}  // namespace
}  // namespace pyfault

#include <gtest/gtest.h>

#include <array>

#include "watchdog/toml/problem.h"

namespace pyfault {
namespace {

constexpr std::array<std::string_view, 4> kKeys = {"environment", "restart", "stop", "user"};

TEST(Suggestion, the_nearest_word) {
  EXPECT_EQ(suggest("restrat", kKeys), "did you mean 'restart'?");
  EXPECT_EQ(suggest("Restart", kKeys), "did you mean 'restart'?");
  EXPECT_EQ(suggest("stp", kKeys), "did you mean 'stop'?");
}

TEST(Suggestion, a_word_cut_short_or_with_more_to_it) {
  EXPECT_EQ(suggest("env", kKeys), "did you mean 'environment'?");
  EXPECT_EQ(suggest("username", kKeys), "did you mean 'user'?");
}

TEST(Suggestion, nothing_near_gives_the_list) {
  EXPECT_EQ(suggest("xyz", kKeys), "use environment, restart, stop or user");
}

TEST(Suggestion, a_long_list_is_no_help) {
  const std::vector<std::string_view> many(9, "something");
  EXPECT_EQ(suggest("xyz", many), "");
  EXPECT_EQ(suggest("xyz", {}), "");
}

TEST(Problem, has_a_place_unless_it_is_the_files_own) {
  EXPECT_EQ(describe({3, "is bad", "do better"}, "a.toml"), "a.toml:3: is bad; do better");
  EXPECT_EQ(describe({0, "is gone", ""}, "a.toml"), "a.toml: is gone");
}

}  // namespace
}  // namespace pyfault

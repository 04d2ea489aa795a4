#include "watchdog/toml/quantity.h"

#include <gtest/gtest.h>

#include <csignal>

namespace pyfault {
namespace {

using namespace std::chrono_literals;

TEST(Quantity, durations) {
  EXPECT_EQ(parse_duration("500ms"), 500ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("10 min"), 10min);
  EXPECT_EQ(parse_duration("1h 30min"), 90min);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("2d"), 48h);
  EXPECT_EQ(parse_duration("30"), 30s);
  EXPECT_EQ(parse_duration("0"), 0s);
}

TEST(Quantity, what_is_no_duration) {
  for (const char* text :
       {"", " ", "s", "-1s", "1x", "1e400s", "inf", "nan", "20y", "9999999999999d", "1 s s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Quantity, sizes) {
  EXPECT_EQ(parse_size("4096"), 4096u);
  EXPECT_EQ(parse_size("512K"), 512u << 10);
  EXPECT_EQ(parse_size("1.5GiB"), 3ull << 29);
  for (const char* text : {"", "K", "-1", "1X", "1K 1", "1e30T"}) EXPECT_FALSE(parse_size(text));
}

TEST(Quantity, limits) {
  EXPECT_EQ(parse_limit("5")->rlim_cur, 5u);
  EXPECT_EQ(parse_limit("5")->rlim_max, 5u);
  EXPECT_EQ(parse_limit("5:unlimited")->rlim_max, RLIM_INFINITY);
  EXPECT_FALSE(parse_limit("6:5"));
  EXPECT_FALSE(parse_limit("unlimited:5"));
  EXPECT_FALSE(parse_limit(""));
}

TEST(Quantity, names_of_limits) {
  EXPECT_EQ(limit_named("nofile"), RLIMIT_NOFILE);
  EXPECT_EQ(limit_named("RLIMIT_AS"), RLIMIT_AS);
  EXPECT_FALSE(limit_named("files"));
  for (const auto name : limit_names()) EXPECT_TRUE(limit_named(name)) << name;
}

TEST(Quantity, signals) {
  EXPECT_EQ(parse_signal("TERM"), SIGTERM);
  EXPECT_EQ(parse_signal("SIGINT"), SIGINT);
  EXPECT_EQ(parse_signal("usr1"), SIGUSR1);
  EXPECT_EQ(parse_signal("15"), SIGTERM);
  EXPECT_EQ(parse_signal("RTMIN+3"), SIGRTMIN + 3);
  for (const char* text : {"", "0", "-1", "65", "FOO", "RTMIN+", "RTMIN+99", "RTMIN+-1"}) {
    EXPECT_FALSE(parse_signal(text)) << text;
  }
}

}  // namespace
}  // namespace pyfault

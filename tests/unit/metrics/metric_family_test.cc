#include "watchdog/metrics/metric_family.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

using Type = MetricFamily::Type;

std::string exposed(const MetricFamily& family) {
  std::string text;
  family.append_to(text);
  return text;
}

TEST(MetricFamily, has_its_help_and_type_in_front) {
  MetricFamily family(Type::kCounter, "n_total", "How many.", {});
  family.at({}) = 3;
  EXPECT_EQ(exposed(family), "# HELP n_total How many.\n# TYPE n_total counter\nn_total 3\n");
}

TEST(MetricFamily, has_a_line_for_each_set_of_labels) {
  MetricFamily family(Type::kGauge, "n", "N.", {"worker", "signal"});
  family.at({"web", "SIGSEGV"}) = 1;
  family.at({"api", "SIGBUS"}) = 2;
  EXPECT_EQ(exposed(family),
            "# HELP n N.\n# TYPE n gauge\n"
            "n{worker=\"api\",signal=\"SIGBUS\"} 2\n"
            "n{worker=\"web\",signal=\"SIGSEGV\"} 1\n");
}

TEST(MetricFamily, without_samples_there_is_nothing) {
  EXPECT_EQ(exposed(MetricFamily(Type::kGauge, "n", "N.", {"worker"})), "");
}

TEST(MetricFamily, a_time_keeps_its_fraction) {
  MetricFamily family(Type::kGauge, "t", "T.", {});
  family.at({}) = 1795419610.123456;
  EXPECT_TRUE(exposed(family).ends_with("\nt 1795419610.123456\n")) << exposed(family);
}

TEST(MetricFamily, large_counts_are_whole) {
  MetricFamily family(Type::kCounter, "n", "N.", {});
  family.at({}) = 123456789012345;
  EXPECT_TRUE(exposed(family).ends_with("\nn 123456789012345\n")) << exposed(family);
}

TEST(MetricFamily, samples_of_others_can_be_dropped) {
  MetricFamily family(Type::kGauge, "n", "N.", {"worker"});
  family.at({"gone"}) = 1;
  family.at({"web"}) = 1;
  family.keep_only({"web", "new"});
  EXPECT_EQ(exposed(family), "# HELP n N.\n# TYPE n gauge\nn{worker=\"web\"} 1\n");
}

TEST(MetricFamily, label_values_are_escaped) {
  EXPECT_EQ(escape_label_value("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
  EXPECT_EQ(escape_label_value("web#2 {x=y},\t\xc3\xb6"), "web#2 {x=y},\t\xc3\xb6");
}

}  // namespace
}  // namespace pyfault

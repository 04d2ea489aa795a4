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

TEST(MetricFamily, HasItsHelpAndTypeInFront) {
  MetricFamily family(Type::kCounter, "n_total", "How many.", {});
  family.at({}) = 3;
  EXPECT_EQ(exposed(family), "# HELP n_total How many.\n# TYPE n_total counter\nn_total 3\n");
}

TEST(MetricFamily, HasALineForEachSetOfLabels) {
  MetricFamily family(Type::kGauge, "n", "N.", {"worker", "signal"});
  family.at({"web", "SIGSEGV"}) = 1;
  family.at({"api", "SIGBUS"}) = 2;
  EXPECT_EQ(exposed(family),
            "# HELP n N.\n# TYPE n gauge\n"
            "n{worker=\"api\",signal=\"SIGBUS\"} 2\n"
            "n{worker=\"web\",signal=\"SIGSEGV\"} 1\n");
}

TEST(MetricFamily, WithoutSamplesThereIsNothing) {
  EXPECT_EQ(exposed(MetricFamily(Type::kGauge, "n", "N.", {"worker"})), "");
}

TEST(MetricFamily, ATimeKeepsItsFraction) {
  MetricFamily family(Type::kGauge, "t", "T.", {});
  family.at({}) = 1795419610.123456;
  EXPECT_TRUE(exposed(family).ends_with("\nt 1795419610.123456\n")) << exposed(family);
}

TEST(MetricFamily, LargeCountsAreWhole) {
  MetricFamily family(Type::kCounter, "n", "N.", {});
  family.at({}) = 123456789012345;
  EXPECT_TRUE(exposed(family).ends_with("\nn 123456789012345\n")) << exposed(family);
}

TEST(MetricFamily, SamplesOfOthersCanBeDropped) {
  MetricFamily family(Type::kGauge, "n", "N.", {"worker"});
  family.at({"gone"}) = 1;
  family.at({"web"}) = 1;
  family.keep_only({"web", "new"});
  EXPECT_EQ(exposed(family), "# HELP n N.\n# TYPE n gauge\nn{worker=\"web\"} 1\n");
}

TEST(MetricFamily, LabelValuesAreEscaped) {
  EXPECT_EQ(escape_label_value("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
  EXPECT_EQ(escape_label_value("web#2 {x=y},\t\xc3\xb6"), "web#2 {x=y},\t\xc3\xb6");
}

}  // namespace
}  // namespace pyfault

// [control].
#include <gmock/gmock.h>

#include "watchdog/config/parse_config.h"

namespace pyfault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr char kWorkerAndControl[] =
    "worker = [{ name = \"web\", command = [\"gunicorn\"] }]\n[control]\n";

ControlSettings control_with(const std::string& lines) {
  return parse_config(kWorkerAndControl + lines).config.control;
}

std::vector<std::string> problems_of_control(const std::string& lines) {
  std::vector<std::string> found;
  for (const Problem& problem : parse_config(kWorkerAndControl + lines).problems) {
    found.push_back(describe(problem, "f"));
  }
  return found;
}

TEST(ControlConfig, OperatorsAreHeardWhereItGoesWithoutSaying) {
  EXPECT_EQ(control_with(""), (ControlSettings{true, ""}));
}

TEST(ControlConfig, OrWhereTheFileSays) {
  EXPECT_THAT(problems_of_control("socket = \"/run/shop/control\""), IsEmpty());
  EXPECT_EQ(control_with("socket = \"/run/shop/control\""),
            (ControlSettings{true, "/run/shop/control"}));
}

TEST(ControlConfig, OrNotAtAll) {
  EXPECT_EQ(control_with("socket = \"none\""), (ControlSettings{false, ""}));
}

TEST(ControlConfig, EveryMistakeIsTold) {
  EXPECT_THAT(problems_of_control("socket = \"run/control\"\nsoket = 1"),
              ElementsAre("f:3: 'socket' is relative; begin it with /, or write \"none\"",
                          "f:4: 'control' has no key 'soket'; did you mean 'socket'?"));
}

TEST(ControlConfig, APathThatNoSocketCanHave) {
  EXPECT_THAT(problems_of_control("socket = \"/" + std::string(107, 'x') + "\""),
              ElementsAre("f:3: 'socket' is too long for a socket; it takes up to 107 bytes"));
}

}  // namespace
}  // namespace pyfault

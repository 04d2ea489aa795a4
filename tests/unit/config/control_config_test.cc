// The [control] table.
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

TEST(ControlConfig, operators_are_heard_where_it_goes_without_saying) {
  EXPECT_EQ(control_with(""), (ControlSettings{true, ""}));
}

TEST(ControlConfig, or_where_the_file_says) {
  EXPECT_THAT(problems_of_control("socket = \"/run/shop/control\""), IsEmpty());
  EXPECT_EQ(control_with("socket = \"/run/shop/control\""),
            (ControlSettings{true, "/run/shop/control"}));
}

TEST(ControlConfig, or_not_at_all) {
  EXPECT_EQ(control_with("socket = \"none\""), (ControlSettings{false, ""}));
}

TEST(ControlConfig, every_mistake_is_told) {
  EXPECT_THAT(problems_of_control("socket = \"run/control\"\nsoket = 1"),
              ElementsAre("f:3: 'socket' is relative; begin it with /, or write \"none\"",
                          "f:4: 'control' has no key 'soket'; did you mean 'socket'?"));
}

TEST(ControlConfig, a_path_that_no_socket_can_have) {
  EXPECT_THAT(problems_of_control("socket = \"/" + std::string(107, 'x') + "\""),
              ElementsAre("f:3: 'socket' is too long for a socket; it takes up to 107 bytes"));
}

}  // namespace
}  // namespace pyfault

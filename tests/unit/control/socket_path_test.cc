#include "watchdog/control/socket_path.h"

#include <gtest/gtest.h>

#include <map>

namespace pyfault {
namespace {

constexpr uid_t kRoot = 0;
constexpr uid_t kAlice = 1000;

using Variables = std::map<std::string, std::string>;

std::string path_for(uid_t user, const Variables& variables) {
  const auto lookup = [&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
  return default_control_socket(user, lookup).value_or("none");
}

TEST(SocketPath, root_has_one_for_the_machine) {
  EXPECT_EQ(path_for(kRoot, {}), "/run/pyfault-watchdog/control");
  EXPECT_EQ(path_for(kRoot, {{"XDG_RUNTIME_DIR", "/run/user/0"}}), "/run/pyfault-watchdog/control");
}

TEST(SocketPath, others_have_their_own) {
  EXPECT_EQ(path_for(kAlice, {{"XDG_RUNTIME_DIR", "/run/user/1000"}}),
            "/run/user/1000/pyfault-watchdog/control");
}

TEST(SocketPath, without_a_place_of_their_own_they_have_none) {
  EXPECT_EQ(path_for(kAlice, {}), "none");
  EXPECT_EQ(path_for(kAlice, {{"XDG_RUNTIME_DIR", ""}}), "none");
}

TEST(SocketPath, what_systemd_gives_us_comes_first) {
  const Variables of_unit = {{"RUNTIME_DIRECTORY", "/run/shop"}, {"XDG_RUNTIME_DIR", "/x"}};
  EXPECT_EQ(path_for(kRoot, of_unit), "/run/shop/control");
  EXPECT_EQ(path_for(kAlice, of_unit), "/run/shop/control");
}

TEST(SocketPath, the_link_for_guests_is_beside_it) {
  const auto nothing = [](const char*) -> const char* { return nullptr; };
  EXPECT_EQ(default_guest_link(kRoot, nothing), "/run/pyfault-watchdog/guests");
  EXPECT_EQ(default_guest_link(kAlice, nothing), std::nullopt);
}

TEST(SocketPath, of_several_directories_the_first) {
  EXPECT_EQ(path_for(kRoot, {{"RUNTIME_DIRECTORY", "/run/a:/run/b"}}), "/run/a/control");
}

}  // namespace
}  // namespace pyfault

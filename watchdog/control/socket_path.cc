#include "watchdog/control/socket_path.h"

#include <string_view>

namespace pyfault {
namespace {

// A unit may have several directories: "/run/a:/run/b".
std::string first_of(std::string_view directories) {
  return std::string(directories.substr(0, directories.find(':')));
}

std::string value_of(const char* text) {
  return text == nullptr ? "" : text;
}

std::optional<std::string> place_of(const char* name, uid_t user, const Lookup& variable) {
  const std::string of_unit = first_of(value_of(variable("RUNTIME_DIRECTORY")));
  if (!of_unit.empty()) return of_unit + "/" + name;
  if (user == 0) return std::string("/run/pyfault-watchdog/") + name;
  const std::string of_user = value_of(variable("XDG_RUNTIME_DIR"));
  if (of_user.empty()) return std::nullopt;
  return of_user + "/pyfault-watchdog/" + name;
}

}  // namespace

std::optional<std::string> default_control_socket(uid_t user, const Lookup& variable) {
  return place_of("control", user, variable);
}

std::optional<std::string> default_guest_link(uid_t user, const Lookup& variable) {
  return place_of("guests", user, variable);
}

}  // namespace pyfault

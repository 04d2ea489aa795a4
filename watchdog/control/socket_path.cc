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

}  // namespace

std::optional<std::string> default_control_socket(uid_t user, const Lookup& variable) {
  const std::string of_unit = first_of(value_of(variable("RUNTIME_DIRECTORY")));
  if (!of_unit.empty()) return of_unit + "/control";
  if (user == 0) return "/run/pyfault-watchdog/control";
  const std::string of_user = value_of(variable("XDG_RUNTIME_DIR"));
  if (of_user.empty()) return std::nullopt;
  return of_user + "/pyfault-watchdog/control";
}

}  // namespace pyfault

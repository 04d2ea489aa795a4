// Where the service listens for pyfaultctl when nobody says otherwise. Both programs ask here, so
// that they meet. Pure.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

namespace pyfault {

using Lookup = std::function<const char*(const char* name)>;  // std::getenv, or a test's

// $RUNTIME_DIRECTORY/control where systemd gives us one; else /run/pyfault-watchdog/control for
// root, and $XDG_RUNTIME_DIR/pyfault-watchdog/control for others. None where that is not set: a
// place that anybody may write to is none for a door.
std::optional<std::string> default_control_socket(uid_t user, const Lookup& variable);

}  // namespace pyfault

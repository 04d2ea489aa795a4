// The default path of the control socket. Both programs use this function, so they agree on it.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

namespace pyfault {

using Lookup = std::function<const char*(const char* name)>;  // std::getenv, or a fake one in tests

// $RUNTIME_DIRECTORY/control if systemd provides one; else /run/pyfault-watchdog/control for root,
// and $XDG_RUNTIME_DIR/pyfault-watchdog/control for others. Returns nullopt if that is not set,
// because a place that everyone may write to is not safe for the socket.
std::optional<std::string> default_control_socket(uid_t user, const Lookup& variable);

}  // namespace pyfault

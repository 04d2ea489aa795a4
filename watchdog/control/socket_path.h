// Where a service is found by those who know only its user: the default path of the control socket,
// and beside it the link that leads to its address for guests.
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

// The same directory's "guests" (service/guest_link.h). agent/python/pyfault/_watchdog.py looks
// there.
std::optional<std::string> default_guest_link(uid_t user, const Lookup& variable);

}  // namespace pyfault

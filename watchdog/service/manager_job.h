// Why the service manager stops us.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace pyfault {

// Whether systemd stops our unit to start it again, as for `systemctl restart`. Waits for `limit`
// at most; false when it can't be told.
bool restart_is_under_way(std::chrono::milliseconds limit);

// The unit, of the text of /proc/self/cgroup: the last part that names a service; or empty. Pure.
std::string unit_of(std::string_view cgroups);

// Of what `systemctl list-jobs` prints: "17 web.service restart running". Pure.
bool has_restart_job(std::string_view jobs, std::string_view unit);

}  // namespace pyfault

#include "watchdog/config/control_reader.h"

#include <fmt/format.h>

#include "watchdog/os/unix_address.h"

namespace pyfault {

ControlSettings read_control(TableReader& table) {
  ControlSettings control;
  std::string path;
  if (table.get("socket", path)) {
    control.enabled = path != "none";
    if (control.enabled) control.socket = path;
  }
  if (!control.socket.empty() && !control.socket.starts_with('/')) {
    table.add_error("socket", "'socket' is relative", "begin it with /, or write \"none\"");
  }
  if (control.socket.size() > kMaxUnixName) {
    table.add_error("socket", "'socket' is too long for a socket",
                    fmt::format("it takes up to {} bytes", kMaxUnixName));
  }
  table.refuse_unknown_keys();
  return control;
}

}  // namespace pyfault

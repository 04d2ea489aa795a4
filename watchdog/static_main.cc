// pyfault-watchdog and pyfaultctl as one program, for the Python wheel, where it is linked
// statically: either contains most of the other. It is pyfaultctl if it is called so.
#include <string_view>

#include "watchdog/ctl/ctl_main.h"
#include "watchdog/os/name_service.h"
#include "watchdog/watchdog_main.h"

int main(int argc, char** argv) {
  pyfault::refuse_name_plugins();
  const std::string_view name = argc > 0 ? argv[0] : "";
  return name.ends_with("pyfaultctl") ? pyfault::ctl::ctl_main(argc, argv)
                                      : pyfault::watchdog_main(argc, argv);
}

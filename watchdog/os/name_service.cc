#include "watchdog/os/name_service.h"

#include <nss.h>
#include <sys/auxv.h>

#include <initializer_list>

namespace pyfault {

bool looks_up_names_without_plugins() {
  return ::getauxval(AT_BASE) == 0;  // where the dynamic linker lies
}

void refuse_name_plugins() {
  if (!looks_up_names_without_plugins()) return;
  for (const char* names : {"passwd", "group", "initgroups", "services"}) {
    ::__nss_configure_lookup(names, "files");
  }
  ::__nss_configure_lookup("hosts", "files dns");
}

}  // namespace pyfault

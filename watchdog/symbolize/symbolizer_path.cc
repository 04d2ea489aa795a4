#include "watchdog/symbolize/symbolizer_path.h"

#include <filesystem>
#include <system_error>

namespace pyfault {

std::string symbolizer_path() {
  std::error_code unreadable;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", unreadable);
  return self.parent_path().parent_path() / PYFAULT_SYMBOLIZER;
}

}  // namespace pyfault

#include "tests/support/temp_directory.h"

#include <cstdlib>
#include <string>
#include <system_error>

namespace pyfault::test {

TempDirectory::TempDirectory() {
  std::string name = std::filesystem::temp_directory_path() / "pyfault-test-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error(errno, std::generic_category(), "mkdtemp " + name);
  }
  path_ = name;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace pyfault::test

#include "watchdog/symbolizer/mapped_file.h"

#include <sys/mman.h>
#include <sys/stat.h>

namespace pyfault {

// Private and writable, because libelf takes a pointer to memory that it may write to.
MappedFile::MappedFile(const UniqueFd& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0 || status.st_size <= 0) return;
  const auto size = static_cast<std::size_t>(status.st_size);
  void* address =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.get(), 0);
  if (address != MAP_FAILED) bytes_ = {static_cast<std::byte*>(address), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

}  // namespace pyfault

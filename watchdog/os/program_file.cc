#include "watchdog/os/program_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>
#include <string_view>

#include "watchdog/os/unique_fd.h"

// The ELF header of this program itself, which the linker defines.
// NOLINTNEXTLINE(*-reserved-identifier,*-identifier-naming): the name is the linker's.
extern "C" [[gnu::visibility("hidden")]] const Elf64_Ehdr __ehdr_start;

namespace pyfault {
namespace {

constexpr std::size_t kHeadOfFile = 4096;  // linkers put the program headers and PT_INTERP there

struct Head {
  std::array<char, kHeadOfFile> bytes;
  std::size_t size = 0;

  explicit Head(const char* path) {
    const UniqueFd file(::open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    const ssize_t got = file ? ::read(file.get(), bytes.data(), bytes.size()) : 0;
    size = got > 0 ? static_cast<std::size_t>(got) : 0;
  }

  template <typename T>
  std::optional<T> value_at(std::size_t offset) const {
    if (offset > size || size - offset < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
  }
  std::string_view text_at(std::size_t offset) const {
    const std::string_view all(bytes.data(), size);
    const std::string_view rest = offset < size ? all.substr(offset) : "";
    return rest.substr(0, rest.find('\0'));
  }
};

// Returns the dynamic loader that the program names in PT_INTERP, if any.
std::optional<std::string_view> find_loader(const Head& head, const Elf64_Ehdr& header) {
  for (std::size_t index = 0; index < header.e_phnum; ++index) {
    const auto entry = head.value_at<Elf64_Phdr>(header.e_phoff + index * sizeof(Elf64_Phdr));
    if (!entry) break;
    if (entry->p_type == PT_INTERP) return head.text_at(entry->p_offset);
  }
  return std::nullopt;
}

// Whether exec sets AT_SECURE, with which the dynamic loader ignores paths in LD_PRELOAD.
bool is_privileged(const char* path) {
  struct stat status {};
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) return false;
  if (::stat(path, &status) != 0) return false;
  const bool set_user = (status.st_mode & S_ISUID) != 0 && status.st_uid != ::getuid();
  const bool set_group =
      (status.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && status.st_gid != ::getgid();
  const bool capable = ::getuid() != 0 && ::getxattr(path, "security.capability", nullptr, 0) > 0;
  return set_user || set_group || capable;
}

}  // namespace

ProgramFile examine_program(const char* path) {
  ProgramFile file;
  const Head head(path);
  const auto header = head.value_at<Elf64_Ehdr>(0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) return file;
  file.elf = true;
  file.privileged = is_privileged(path);
  file.native = header->e_ident[EI_CLASS] == __ehdr_start.e_ident[EI_CLASS] &&
                header->e_machine == __ehdr_start.e_machine;
  if (!file.native) return file;
  const auto loader = find_loader(head, *header);
  const std::string_view name =
      std::string_view(path).substr(std::string_view(path).rfind('/') + 1);
  file.dynamic = loader.has_value() || name.starts_with("ld-");  // or it is a loader itself
  file.musl = loader && loader->find("ld-musl") != loader->npos;
  return file;
}

}  // namespace pyfault

#include "watchdog/doctor/examine.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "watchdog/os/read_file.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

constexpr std::size_t kHeadOfFile = 4096;  // linkers put the program headers and PT_INTERP there

template <typename T>
std::optional<T> value_at(const std::string& bytes, std::size_t offset) {
  if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// The dynamic loader that the program names, where it names one.
std::optional<std::string> find_loader(const std::string& head, const Elf64_Ehdr& header) {
  for (std::size_t index = 0; index < header.e_phnum; ++index) {
    const auto entry = value_at<Elf64_Phdr>(head, header.e_phoff + index * sizeof(Elf64_Phdr));
    if (!entry) break;
    if (entry->p_type != PT_INTERP) continue;
    const bool near = entry->p_offset < head.size();
    return near ? std::string(head.c_str() + entry->p_offset) : "";
  }
  return std::nullopt;
}

// What makes the kernel tell the dynamic loader to be careful (AT_SECURE).
bool is_privileged(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return false;
  const bool set_user = (status.st_mode & S_ISUID) != 0 && status.st_uid != ::getuid();
  const bool set_group = (status.st_mode & S_ISGID) != 0 && status.st_gid != ::getgid();
  const bool capable =
      ::getuid() != 0 && ::getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
  return set_user || set_group || capable;
}

bool can_make_memfd() {
  const UniqueFd file(::memfd_create("pyfault-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  return bool{file};
}

rlim_t soft_limit(__rlimit_resource resource) {
  rlimit limit{};
  return ::getrlimit(resource, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

std::optional<int> read_number(const std::string& path) {
  constexpr std::size_t kDigits = 16;
  const auto text = read_file(path, kDigits);
  int number = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc{})
    return std::nullopt;
  return number;
}

}  // namespace

ProgramFile examine_program(const std::string& path) {
  ProgramFile file;
  file.privileged = is_privileged(path);
  const std::string head = read_file(path, kHeadOfFile).value_or("");
  const auto header = value_at<Elf64_Ehdr>(head, 0);
  if (!header || !head.starts_with(ELFMAG)) return file;
  file.elf = true;
  file.x86_64 = header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_machine == EM_X86_64;
  if (!file.x86_64) return file;
  const auto loader = find_loader(head, *header);
  file.dynamic = loader.has_value();
  file.musl = loader && loader->find("ld-musl") != std::string::npos;
  return file;
}

void examine_system(Facts& facts) {
  facts.memfd = can_make_memfd();
  facts.ptrace_scope = read_number("/proc/sys/kernel/yama/ptrace_scope");
  facts.open_files = soft_limit(RLIMIT_NOFILE);
  facts.address_space = soft_limit(RLIMIT_AS);
  facts.file_size = soft_limit(RLIMIT_FSIZE);
  facts.stack = soft_limit(RLIMIT_STACK);
  const char* preload = std::getenv("LD_PRELOAD");
  facts.other_preload = preload == nullptr ? "" : preload;
  struct statvfs system {};
  facts.agent_on_noexec =
      ::statvfs(facts.agent.c_str(), &system) == 0 && (system.f_flag & ST_NOEXEC) != 0;
}

}  // namespace pyfault

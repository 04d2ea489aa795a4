#include "watchdog/symbolize/debug_files.h"

#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>

#include "watchdog/os/path_trust.h"

namespace pyfault {
namespace {

// So many digits of a build-id are the name of a folder.
constexpr std::size_t kFolderOfBuildId = 2;

bool is_file_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == name.npos &&
         name.find('\0') == name.npos;
}

bool is_elf(int fd) {
  std::array<char, SELFMAG> head{};
  return ::pread(fd, head.data(), head.size(), 0) == SELFMAG &&
         std::memcmp(head.data(), ELFMAG, SELFMAG) == 0;
}

// Root can read what is nobody else's business.
bool is_for_everybody(int fd) {
  struct stat file {};
  if (::fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) return false;
  if (file.st_uid != 0 && file.st_uid != ::geteuid()) return false;
  return ::geteuid() != 0 || (file.st_mode & S_IROTH) != 0;
}

// The path must be one that only root or this user could have made.
UniqueFd open_elf(const std::string& path) {
  const PathTrust trust = trust_in(path);
  if (trust.owner || trust.is_shared || trust.has_shared_link) return {};
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file || !is_elf(file.get())) return {};
  return file;
}

UniqueFd open_for_everybody(const std::string& path) {
  UniqueFd file = open_elf(path);
  if (!file || !is_for_everybody(file.get())) return {};
  return file;
}

}  // namespace

bool is_build_id(std::string_view text) {
  return text.size() > kFolderOfBuildId && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

UniqueFd DebugFiles::with_build_id(std::string_view build_id) const {
  if (!is_build_id(build_id)) return {};
  UniqueFd packaged = open_for_everybody(fmt::format("{}/.build-id/{}/{}.debug", directory_,
                                                     build_id.substr(0, kFolderOfBuildId),
                                                     build_id.substr(kFolderOfBuildId)));
  if (packaged || downloads_.empty()) return packaged;
  // What this user has fetched is for nobody else.
  return open_elf(fmt::format("{}/{}/debuginfo", downloads_, build_id));
}

UniqueFd DebugFiles::linked(std::string_view module, std::string_view name,
                            std::uint32_t place) const {
  const std::filesystem::path path(module);
  if (!path.is_absolute() || path.lexically_normal() != path || !is_file_name(name)) return {};
  const std::string folder = path.parent_path();
  switch (place) {
    case 0:
      return open_for_everybody(fmt::format("{}/{}", folder, name));
    case 1:
      return open_for_everybody(fmt::format("{}/.debug/{}", folder, name));
    case 2:
      return open_for_everybody(fmt::format("{}{}/{}", directory_, folder, name));
    default:
      return {};
  }
}

}  // namespace pyfault

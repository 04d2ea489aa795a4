#include "watchdog/enrich/source_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "watchdog/enrich/process_info.h"
#include "watchdog/os/read_file.h"

namespace pyfault {
namespace {

// Opened while the process lives: its number may be reused later, but this handle is not.
UniqueFd open_process(int pid) {
  const std::string path = fmt::format("/proc/{}", pid);
  return UniqueFd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

UniqueFd open_directory(const UniqueFd& process, const char* link) {
  return UniqueFd(::openat(process.get(), link, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

// Locates a file without opening it for reading, so a FIFO's writer or a device does not notice.
UniqueFd open_place(int directory, const std::string& name, std::uint64_t resolve) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  return UniqueFd(
      static_cast<int>(syscall(SYS_openat2, directory, name.c_str(), &how, sizeof(how))));
}

// Some seccomp filters deny openat2(): systemd's RestrictSUIDSGID, and those of older container
// engines.
bool is_denied(const UniqueFd& opened) {
  return !opened && (errno == ENOSYS || errno == EPERM);
}

std::string link_to(const UniqueFd& place) {
  return fmt::format("/proc/self/fd/{}", place.get());
}

bool are_one(const UniqueFd& left, const UniqueFd& right) {
  struct stat one {};
  struct stat other {};
  return fstat(left.get(), &one) == 0 && fstat(right.get(), &other) == 0 &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// The fallback where openat2() is denied. A magic link may lead anywhere, so the place must also be
// reachable by its own name.
UniqueFd open_named_place(int directory, const std::string& name) {
  UniqueFd place(::openat(directory, name.c_str(), O_PATH | O_CLOEXEC));
  std::error_code unreadable;
  const auto own_name = std::filesystem::read_symlink(link_to(place), unreadable);
  const UniqueFd named(::open(own_name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  return are_one(place, named) ? std::move(place) : UniqueFd();
}

UniqueFd open_for_reading(const UniqueFd& place) {
  return UniqueFd(::open(link_to(place).c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

bool is_our_root(const UniqueFd& root) {
  struct stat theirs {};
  struct stat ours {};
  return fstat(root.get(), &theirs) == 0 && stat("/", &ours) == 0 && theirs.st_dev == ours.st_dev &&
         theirs.st_ino == ours.st_ino;
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

bool unchanged_since(const struct stat& file, std::int64_t ns) {
  return nanoseconds(file.st_mtim) <= ns && nanoseconds(file.st_ctim) <= ns;
}

bool may_be_quoted(const struct stat& file, const std::string& name) {
  return name.ends_with(".py") || (file.st_mode & S_IROTH) != 0;
}

std::size_t size_of(const UniqueFd& fd) {
  struct stat file {};
  return fstat(fd.get(), &file) == 0 ? static_cast<std::size_t>(file.st_size) : 0;
}

void charge(std::size_t& budget, std::size_t bytes) {
  budget -= std::min(budget, bytes);
}

// A forged name could have any number of components, each of which is looked up.
constexpr int kMaxDepthInArchive = 64;

}  // namespace

SourceFiles::SourceFiles(int pid, const std::string& executable, std::int64_t unchanged_since_ns)
    : unchanged_since_ns_(unchanged_since_ns) {
  const UniqueFd process = open_process(pid);
  const auto is_it = [&] { return is_same_executable(executable_of(pid), executable); };
  if (!process || !is_it()) return;
  root_ = open_directory(process, "root");
  cwd_ = open_directory(process, "cwd");
  foreign_root_ = !root_ || !is_our_root(root_);
  const auto identity = effective_identity(process);
  // The same program ran before and after, so these are its rights.
  if (is_it()) identity_ = identity;
}

// Links are resolved within the process's root. Below a foreign root a relative name must not leave
// the working directory, because the kernel would then follow links in the watchdog's root.
UniqueFd SourceFiles::locate(const std::string& name) const {
  const bool absolute = name.starts_with('/');
  const std::uint64_t beneath = foreign_root_ ? RESOLVE_BENEATH : 0;
  UniqueFd place = absolute ? open_place(root_.get(), name, RESOLVE_IN_ROOT)
                            : open_place(cwd_.get(), name, beneath);
  if (!is_denied(place) || foreign_root_) return place;
  return open_named_place(cwd_.get(), name);
}

UniqueFd SourceFiles::open_to_quote(const UniqueFd& place, const std::string& name) const {
  struct stat file {};
  if (fstat(place.get(), &file) != 0 || !S_ISREG(file.st_mode)) return {};
  if (!unchanged_since(file, unchanged_since_ns_) || !may_be_quoted(file, name)) return {};
  return open_for_reading(place);
}

std::optional<std::string> SourceFiles::read(const std::string& name, std::size_t& budget) {
  if (!root_ || !cwd_ || !identity_) return std::nullopt;
  const ScopedFileRights rights(*identity_);
  if (!rights) return std::nullopt;

  const UniqueFd place = locate(name);
  if (!place) return read_from_archive(name, budget);
  const UniqueFd fd = open_to_quote(place, name);
  // Files of size 0 include those of /proc and the like, which may be endless.
  const std::size_t size = fd ? size_of(fd) : 0;
  if (size == 0 || size > std::min(kMaxSourceBytes, budget)) return std::nullopt;
  std::string text = read_up_to(fd.get(), size);
  budget -= text.size();
  return text;
}

// Looks for the longest prefix of the name that exists, as zipimport does. The archive stays open,
// because the next file is often in the same one.
std::optional<std::string> SourceFiles::read_from_archive(const std::string& name,
                                                          std::size_t& budget) {
  std::size_t slash = name.rfind('/');
  for (int depth = 0; depth < kMaxDepthInArchive && slash != 0 && slash != std::string::npos;
       ++depth, slash = name.rfind('/', slash - 1)) {
    if (!open_archive(name.substr(0, slash), name, budget)) continue;
    const std::size_t before = archive_->bytes_spent();
    auto text = archive_->read(name.substr(slash + 1), std::min(kMaxSourceBytes, budget));
    charge(budget, archive_->bytes_spent() - before);
    return text;
  }
  return std::nullopt;
}

bool SourceFiles::open_archive(const std::string& archive, const std::string& name,
                               std::size_t& budget) {
  if (archive_ && archive == archive_name_) return true;
  const UniqueFd place = locate(archive);
  UniqueFd fd = place ? open_to_quote(place, name) : UniqueFd();
  if (!fd) return false;
  archive_ = std::make_unique<ZipArchive>(std::move(fd), budget);
  archive_name_ = archive;
  charge(budget, archive_->bytes_spent());
  return true;
}

}  // namespace pyfault

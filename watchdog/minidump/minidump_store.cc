#include "watchdog/minidump/minidump_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "watchdog/os/path_trust.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

constexpr std::string_view kPrefix = "pyfault-";
constexpr std::string_view kSuffix = ".dmp";
// A file that is being written has these around its name.
constexpr std::string_view kUnfinishedPrefix = ".";
constexpr std::string_view kUnfinishedSuffix = ".new";

std::string unfinished(std::string_view name) {
  return fmt::format("{}{}{}", kUnfinishedPrefix, name, kUnfinishedSuffix);
}

bool is_ours(std::string_view name) {
  if (name.starts_with(kUnfinishedPrefix) && name.ends_with(kUnfinishedSuffix)) {
    name.remove_prefix(kUnfinishedPrefix.size());
    name.remove_suffix(kUnfinishedSuffix.size());
  }
  return name.starts_with(kPrefix) && name.ends_with(kSuffix);
}

// A link may have been put on the path since it was checked.
UniqueFd open_without_links(const std::string& path) {
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_NO_SYMLINKS;
  UniqueFd fd(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
  // Kernels before 5.6, and sandboxes that do not know openat2, refuse it.
  const bool is_unknown = !fd && (errno == ENOSYS || errno == EPERM);
  return is_unknown ? UniqueFd(::open(path.c_str(), static_cast<int>(how.flags))) : std::move(fd);
}

std::string reason(int error) {
  return strerrordesc_np(error);
}

// The directory; empty, and `trouble` says why, if it cannot be opened or others may change it.
UniqueFd open_directory(const std::string& path, std::string& trouble) {
  const PathTrust trust = trust_in(path);
  if (trust.owner || trust.has_shared_link) {
    trouble = "another user may change the path";
    return {};
  }
  ::mkdir(trust.resolved.c_str(), 0700);  // if it is there, or cannot be made, open() says so
  UniqueFd directory = open_without_links(trust.resolved);
  struct stat status {};
  if (!directory || ::fstat(directory.get(), &status) != 0) {
    trouble = reason(errno);
    return {};
  }
  const bool is_theirs = status.st_uid != 0 && status.st_uid != ::geteuid();
  if (is_theirs || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    trouble = "others may write to the directory";
    return {};
  }
  return directory;
}

struct Kept {
  timespec written{};
  std::string name;
  std::uint64_t size = 0;

  auto age() const { return std::tie(written.tv_sec, written.tv_nsec, name); }
};

std::vector<Kept> kept_in(const UniqueFd& directory) {
  std::vector<Kept> kept;
  UniqueFd again(::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto close = [](DIR* open) { ::closedir(open); };
  const std::unique_ptr<DIR, decltype(close)> entries(::fdopendir(again.get()), close);
  if (!entries) return kept;
  static_cast<void>(again.release());  // closedir() closes it
  while (const dirent* entry = ::readdir(entries.get())) {
    struct stat status {};
    const bool is_known = is_ours(entry->d_name) && ::fstatat(directory.get(), entry->d_name,
                                                              &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (!is_known || !S_ISREG(status.st_mode)) continue;
    kept.push_back({status.st_mtim, entry->d_name, static_cast<std::uint64_t>(status.st_size)});
  }
  return kept;
}

void make_room(const UniqueFd& directory, std::uint64_t size, const MinidumpLimits& limits) {
  std::vector<Kept> kept = kept_in(directory);
  std::ranges::sort(kept, {}, &Kept::age);
  std::uint64_t total = size;
  for (const Kept& each : kept) total += each.size;
  std::size_t files = kept.size() + 1;
  for (const Kept& oldest : kept) {
    if (files <= limits.files && total <= limits.bytes) return;
    ::unlinkat(directory.get(), oldest.name.c_str(), 0);
    total -= oldest.size;
    --files;
  }
}

bool write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

// Returns 0 or an error number.
int write_file(const UniqueFd& directory, const std::string& name,
               std::span<const std::byte> bytes) {
  const std::string temporary = unfinished(name);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
  const UniqueFd file(::openat(directory.get(), temporary.c_str(), kFlags, 0600));
  if (!file) return errno;
  const bool is_written =
      write_all(file.get(), bytes) &&
      ::renameat(directory.get(), temporary.c_str(), directory.get(), name.c_str()) == 0;
  if (is_written) return 0;
  const int error = errno;
  ::unlinkat(directory.get(), temporary.c_str(), 0);
  return error;
}

}  // namespace

std::string minidump_name(std::int64_t realtime_ns, int pid, const std::string& crash_id) {
  const std::time_t seconds = realtime_ns / 1'000'000'000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  return fmt::format("{}{:04}{:02}{:02}T{:02}{:02}{:02}Z-{}-{}{}", kPrefix, utc.tm_year + 1900,
                     utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, pid,
                     crash_id, kSuffix);
}

std::string store_minidump(const std::string& directory, const std::string& name,
                           std::span<const std::byte> minidump, const MinidumpLimits& limits) {
  std::string trouble;
  const UniqueFd place = open_directory(directory, trouble);
  if (place) {
    make_room(place, minidump.size(), limits);
    if (const int error = write_file(place, name, minidump); error != 0) trouble = reason(error);
  }
  return trouble.empty() ? "" : fmt::format("'{}': {}", directory, trouble);
}

}  // namespace pyfault

#include "watchdog/ingest/socket_folder.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "watchdog/os/random_hex.h"
#include "watchdog/os/unique_fd.h"
#include "watchdog/os/unix_address.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;

// The pattern for mkdtemp().
constexpr std::string_view kFolder = "pyfault-watchdog-XXXXXX";
constexpr std::string_view kFolderStart = kFolder.substr(0, kFolder.find('X'));
// A watchdog that starts has made its folder, and does not listen there yet.
constexpr std::time_t kSecondsToListen = 60;
// In a place with more entries, only so many are looked at.
constexpr int kMaxEntries = 2000;
constexpr std::size_t kMaxFiles = 2;  // the socket, and the pipe

// Only root or this user may own the place, and if others may write to it, it must be sticky;
// otherwise another user could replace the folder.
bool is_safe(const std::string& place) {
  struct stat status {};
  if (::stat(place.c_str(), &status) != 0) return false;
  const bool shared = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  return (status.st_uid == ::geteuid() || status.st_uid == 0) &&
         (!shared || (status.st_mode & S_ISVTX) != 0);
}

bool can_name_a_socket(const std::string& place, const std::string& suffix) {
  const std::size_t socket = 1 + 2 * kListenerNameBytes + suffix.size();
  constexpr std::size_t kMarkAndEnd = 2;  // the "@" of the address, and a NUL
  return place.size() + 1 + kFolder.size() + socket + kMarkAndEnd <= sizeof(sockaddr_un::sun_path);
}

// Whether any process still has the socket that was bound to this path open. connect() from a
// socket of another type tells without a connection: it fails with EPROTOTYPE if so, else with
// ECONNREFUSED.
bool has_listener(const std::string& socket) {
  const UniqueFd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const UnixAddress address(socket);
  return !probe || ::connect(probe.get(), address.get(), address.size()) == 0 ||
         errno != ECONNREFUSED;
}

bool is_old_folder_of_ours(const fs::path& folder) {
  struct stat status {};
  return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == ::geteuid() && std::time(nullptr) - status.st_mtime > kSecondsToListen;
}

// Returns the files of a folder that a watchdog has left: sockets without a listener, and pipes.
// Empty if there is anything else in it.
std::vector<fs::path> abandoned_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    const fs::file_type type = each->symlink_status(error).type();
    const bool is_left = (type == fs::file_type::socket && !has_listener(each->path())) ||
                         type == fs::file_type::fifo;
    if (!is_left || files.size() == kMaxFiles) return {};
    files.push_back(each->path());
  }
  return files;
}

}  // namespace

void remove_abandoned_folders(const std::string& place) {
  if (!is_safe(place)) return;
  std::error_code error;
  int entries = 0;
  for (fs::directory_iterator each(place, error), end;
       !error && each != end && entries < kMaxEntries; each.increment(error), ++entries) {
    const fs::path& folder = each->path();
    const std::string name = folder.filename();
    if (name.size() != kFolder.size() || !name.starts_with(kFolderStart) ||
        !is_old_folder_of_ours(folder)) {
      continue;
    }
    const std::vector<fs::path> files = abandoned_files(folder);
    for (const fs::path& file : files) ::unlink(file.c_str());
    if (!files.empty()) ::rmdir(folder.c_str());
  }
}

std::optional<SocketFolder> SocketFolder::make(std::span<const std::string> places,
                                               const std::string& suffix) {
  for (const std::string& place : places) {
    std::string folder = fmt::format("{}/{}", place, kFolder);
    if (can_name_a_socket(place, suffix) && is_safe(place) && ::mkdtemp(folder.data()) != nullptr) {
      std::string socket = fmt::format("{}/{}{}", folder, random_hex(kListenerNameBytes), suffix);
      return SocketFolder(std::move(folder), std::move(socket));
    }
  }
  return std::nullopt;
}

SocketFolder SocketFolder::of(const std::string& socket) {
  return {socket.substr(0, socket.rfind('/')), socket};
}

SocketFolder::SocketFolder(SocketFolder&& other) noexcept
    : folder_(std::exchange(other.folder_, {})), socket_(std::move(other.socket_)) {}

SocketFolder::~SocketFolder() {
  if (folder_.empty()) return;
  ::unlink(wake_pipe().c_str());
  ::unlink(socket_.c_str());
  ::rmdir(folder_.c_str());
}

}  // namespace pyfault

#include "watchdog/os/path_trust.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace pyfault {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;  // the kernel's limit

bool is_trusted(uid_t uid) {
  return uid == 0 || uid == ::geteuid();
}

class Walk {
 public:
  // Returns false if the rest of the path need not be examined.
  bool pass(const struct stat& part) {
    if (!is_trusted(part.st_uid)) {
      trust_.owner = Identity{part.st_uid, part.st_gid, {}};
      return false;
    }
    if (S_ISLNK(part.st_mode)) trust_.has_shared_link |= last_is_shared_ || trust_.is_shared;
    if (!S_ISDIR(part.st_mode)) return true;
    last_is_shared_ = (part.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    // In a sticky directory others cannot replace our entries; only entries made in it directly
    // count.
    trust_.is_shared |= last_is_shared_ && (part.st_mode & S_ISVTX) == 0;
    return true;
  }
  PathTrust result(std::string resolved) {
    trust_.is_shared |= last_is_shared_;
    trust_.resolved = std::move(resolved);
    return std::move(trust_);
  }

 private:
  PathTrust trust_;
  bool last_is_shared_ = false;
};

}  // namespace

PathTrust trust_in(const std::string& path) {
  Walk walk;
  std::error_code failed;
  fs::path rest = fs::absolute(path, failed);
  fs::path done = "/";
  for (int links = 0; !rest.empty() && !failed && links <= kMaxLinks;) {
    const fs::path name = *rest.begin();
    rest = rest.lexically_relative(name);
    if (rest == ".") rest.clear();
    const fs::path next = name == "/" ? name : done / name;
    struct stat part {};
    if (::lstat(next.c_str(), &part) != 0) {
      done = next;
      break;
    }
    const bool is_link = S_ISLNK(part.st_mode);
    // A /proc/PID/fd/N link, for example by way of /dev/stdout, refers to the open file itself and
    // cannot be redirected.
    if (is_link && done.native().starts_with("/proc/")) break;
    if ((is_link || S_ISDIR(part.st_mode)) && !walk.pass(part)) break;
    if (!is_link) {
      done = next;
      continue;
    }
    ++links;
    const fs::path target = fs::read_symlink(next, failed);
    rest = rest.empty() ? target : target / rest;
    if (target.is_absolute()) done = "/";
  }
  return walk.result(rest.empty() ? done : done / rest);
}

}  // namespace pyfault

// Checks whether another user could redirect a path, by placing a link at the file or at a
// directory on the path. What root writes to it would then be written to a place of their choice.
#pragma once

#include <unistd.h>

#include <optional>
#include <string>

#include "watchdog/os/file_rights.h"

namespace pyfault {

struct PathTrust {
  // Owner of the first directory or link on the path that belongs neither to root nor to this user.
  // The owner can redirect the path; opening it with only the owner's rights gains the owner
  // nothing.
  std::optional<Identity> owner;
  // Others may replace the last component with a link: it lies directly in a directory such as
  // /tmp, or below one that is writable by group or others and not sticky.
  bool is_shared = false;
  // A component of the path is a link in a place where others may put links.
  bool has_shared_link = false;
  // The path with its links resolved, as it was at the time of the check.
  std::string resolved;
};

// While it lives, the calling thread, if root, has the rights of the path's owner, if there is one.
class ScopedOwnerRights {
 public:
  explicit ScopedOwnerRights(const PathTrust& trust) {
    if (trust.owner && trust.owner->uid != kNoUser && ::geteuid() == 0) {
      rights_.emplace(*trust.owner);
    }
  }

  // False if the rights could not be taken; then nothing may be opened there.
  explicit operator bool() const { return !rights_ || *rights_; }

 private:
  // The overflow uid: an owner without a mapping in this user namespace, such as that of "/" in
  // some containers.
  static constexpr uid_t kNoUser = 65534;

  std::optional<ScopedFileRights> rights_;
};

// Stops at the first component that cannot be examined. Blocks as long as the disks on the path do.
PathTrust trust_in(const std::string& path);

}  // namespace pyfault

// Whether somebody else could make a path lead elsewhere: by a link in place of a file or of a
// directory on the way. What root writes there would then be written wherever they want it.
#pragma once

#include <unistd.h>

#include <optional>
#include <string>

#include "watchdog/os/file_rights.h"

namespace pyfault {

struct PathTrust {
  // Of the first directory or link on the way that is neither root's nor ours. Its owner can lead
  // the path anywhere; whoever opens it with the owner's rights alone gets no further than these.
  std::optional<Identity> owner;
  // Others may put a link in the place of what it names: it is in /tmp itself, or below a directory
  // that a group may write to.
  bool is_shared = false;
  // There is a link, or something in the place of one, where others may put links.
  bool has_shared_link = false;
  // The path without its links, as it was when it was looked at.
  std::string resolved;
};

// While it lives, this thread of root's has the rights of the path's owner, where there is one.
class ScopedOwnerRights {
 public:
  explicit ScopedOwnerRights(const PathTrust& trust) {
    if (trust.owner && trust.owner->uid != kNoUser && ::geteuid() == 0) {
      rights_.emplace(*trust.owner);
    }
  }

  // False: they could not be taken, and nothing may be opened there.
  explicit operator bool() const { return !rights_ || *rights_; }

 private:
  // Who has no number in our user namespace: the owner of "/" in some containers.
  static constexpr uid_t kNoUser = 65534;

  std::optional<ScopedFileRights> rights_;
};

// What can't be looked at any more ends the look. Waits as long as the path's disks do.
PathTrust trust_in(const std::string& path);

}  // namespace pyfault

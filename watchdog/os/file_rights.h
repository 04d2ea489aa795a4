// Opening files with another user's rights.
#pragma once

#include <sys/types.h>

#include <vector>

namespace pyfault {

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary
};

// While it lives, this thread (and no other) opens files with no more rights than `identity` has:
// the kernel judges, directories on the way and all. A watchdog that is not root can only be
// itself.
class ScopedFileRights {
 public:
  explicit ScopedFileRights(const Identity& identity);
  ~ScopedFileRights();
  ScopedFileRights(const ScopedFileRights&) = delete;
  ScopedFileRights& operator=(const ScopedFileRights&) = delete;

  // False: the rights could not be taken, and nothing may be opened on the identity's behalf.
  explicit operator bool() const { return granted_; }

 private:
  bool take(const Identity& identity);

  bool switched_ = false;
  std::vector<gid_t> own_groups_;
  bool granted_ = false;
};

}  // namespace pyfault

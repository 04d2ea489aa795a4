// Opens files with another user's rights.
#pragma once

#include <sys/types.h>

#include <vector>

namespace pyfault {

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // supplementary
};

// While it lives, the calling thread (and no other) opens files with at most the rights of
// `identity`. The kernel does the checks, including those of the directories on the path. A
// watchdog that is not root can only use its own identity.
class ScopedFileRights {
 public:
  explicit ScopedFileRights(const Identity& identity);
  ~ScopedFileRights();
  ScopedFileRights(const ScopedFileRights&) = delete;
  ScopedFileRights& operator=(const ScopedFileRights&) = delete;

  // False if the rights could not be taken; then nothing may be opened on the identity's behalf.
  explicit operator bool() const { return granted_; }

 private:
  bool take(const Identity& identity);

  bool switched_ = false;
  std::vector<gid_t> own_groups_;
  bool granted_ = false;
};

}  // namespace pyfault

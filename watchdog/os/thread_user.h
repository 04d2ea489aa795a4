// Lets the calling thread act as another user, for a moment and alone: for a process that runs as
// root with few of its powers, files of other users are closed.
#pragma once

#include <sys/types.h>

namespace pyfault {

class ThreadUser {
 public:
  // Does nothing if the thread has no right to do so.
  explicit ThreadUser(uid_t user);
  ~ThreadUser();
  ThreadUser(const ThreadUser&) = delete;
  ThreadUser& operator=(const ThreadUser&) = delete;

 private:
  uid_t before_;
  int dumpable_;
};

}  // namespace pyfault

#include "watchdog/os/file_rights.h"

#include <grp.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pyfault {
namespace {

// The C library's setgroups() changes the groups of every thread.
bool set_thread_groups(const std::vector<gid_t>& groups) {
  return syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
}

std::vector<gid_t> thread_groups() {
  std::vector<gid_t> groups(static_cast<std::size_t>(getgroups(0, nullptr)));
  if (getgroups(static_cast<int>(groups.size()), groups.data()) < 0) groups.clear();
  return groups;
}

// setfsuid() and setfsgid() do not report failure; setting an invalid id returns the current one.
constexpr auto kNoId = static_cast<uid_t>(-1);

bool set_file_uid(uid_t uid) {
  setfsuid(uid);
  return static_cast<uid_t>(setfsuid(kNoId)) == uid;
}

bool set_file_gid(gid_t gid) {
  setfsgid(gid);
  return static_cast<gid_t>(setfsgid(kNoId)) == gid;
}

}  // namespace

ScopedFileRights::ScopedFileRights(const Identity& identity) : granted_(take(identity)) {}

bool ScopedFileRights::take(const Identity& identity) {
  if (identity.uid == geteuid()) return true;
  if (geteuid() != 0) return false;
  switched_ = true;
  own_groups_ = thread_groups();
  return set_thread_groups(identity.groups) && set_file_gid(identity.gid) &&
         set_file_uid(identity.uid);
}

ScopedFileRights::~ScopedFileRights() {
  if (!switched_) return;
  set_file_uid(geteuid());
  set_file_gid(getegid());
  set_thread_groups(own_groups_);
}

}  // namespace pyfault

// The file behind the log's name, which others may delete, rename or replace at any time: logrotate
// does, and people do.
#pragma once

#include <string>

#include "watchdog/os/unique_fd.h"
#include "watchdog/sink/open_log.h"

namespace pyfault {

class ReopeningFile {
 public:
  // A descriptor that was opened by name: while it is a regular file, its name is followed. The
  // name is the one that the kernel gives the file, so that /dev/fd/5 and links are seen through.
  // `mode`: of one that is created in its place.
  static ReopeningFile named(UniqueFd fd, mode_t mode = kLogMode);
  // One that is kept whatever happens: stderr.
  static ReopeningFile unnamed(UniqueFd fd) { return {std::move(fd), "", kLogMode}; }

  int get() const { return fd_.get(); }

  // Empty where it is not followed.
  const std::string& name() const { return name_; }

  // Sees to it that get() is the file that has the name now, creating it anew when there is none.
  // 0, or the errno of what stands in the way; then get() is what it was.
  int follow_name();

 private:
  ReopeningFile(UniqueFd fd, std::string name, mode_t mode)
      : fd_(std::move(fd)), name_(std::move(name)), mode_(mode) {}

  UniqueFd fd_;
  std::string name_;  // empty: not followed
  mode_t mode_;
};

}  // namespace pyfault

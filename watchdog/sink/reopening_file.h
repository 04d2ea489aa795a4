// A log file that is followed by name: logrotate or a user may delete, rename or replace it at any
// time.
#pragma once

#include <string>

#include "watchdog/os/unique_fd.h"
#include "watchdog/sink/open_log.h"

namespace pyfault {

class ReopeningFile {
 public:
  // Takes a descriptor that was opened by name. The name of a regular file is followed; it is the
  // name that the kernel reports for the file, so /dev/fd/5 and links are resolved. `mode` is for a
  // file that is created in its place.
  static ReopeningFile named(UniqueFd fd, mode_t mode = kLogMode);
  // Takes a descriptor that is never replaced, such as stderr.
  static ReopeningFile unnamed(UniqueFd fd) { return {std::move(fd), "", kLogMode}; }

  int get() const { return fd_.get(); }

  // Empty if it is not followed.
  const std::string& name() const { return name_; }

  // Makes get() the file that has the name now, and creates the file if there is none. Returns 0,
  // or an errno; then get() is unchanged.
  int follow_name();

 private:
  ReopeningFile(UniqueFd fd, std::string name, mode_t mode)
      : fd_(std::move(fd)), name_(std::move(name)), mode_(mode) {}

  UniqueFd fd_;
  std::string name_;  // empty: not followed
  mode_t mode_;
};

}  // namespace pyfault

// Fetches separate debug files from the debuginfod servers that the user has named, for crashes
// that come later: no report waits for a server. elfutils' program debuginfod-find does it, which
// keeps what it has fetched, and forgets what has not been used for a week.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "watchdog/os/helper_thread.h"

namespace pyfault {

// All functions may be called from any thread.
class DebugDownloads {
 public:
  static constexpr std::size_t kMaxWaiting = 64;
  static constexpr std::chrono::hours kTryAgain{1};
  static constexpr std::chrono::minutes kTimeForFile{5};

  // `directory`: where the files are kept; see debug_download_directory(). `program`: the name or
  // path of debuginfod-find.
  explicit DebugDownloads(std::string directory, std::string program = "debuginfod-find");
  DebugDownloads(const DebugDownloads&) = delete;
  DebugDownloads& operator=(const DebugDownloads&) = delete;

  // From now on; these are URLs. With none, nothing is fetched, but what is there is used.
  void use(std::vector<std::string> servers);

  // Asks for the debug file with this build-id (in hex digits), unless that was done less than
  // kTryAgain ago, or kMaxWaiting others wait. It is there some time later, or never. A forked copy
  // of the process fetches nothing, for it has no threads.
  void fetch(const std::string& build_id);

  // How many files have been asked for and are not there yet.
  std::size_t waiting() const { return shared_->waiting; }

  // In this directory, the file of a build-id is BUILD-ID/debuginfo.
  const std::string& directory() const { return directory_; }

 private:
  // What the helper thread may still use when this object is gone.
  struct Shared {
    std::atomic<std::size_t> waiting = 0;
    std::atomic<bool> has_failed = false;  // to start the program, and that was said
  };
  bool is_new(const std::string& build_id);

  const std::string directory_;
  const std::string program_;
  const pid_t process_;
  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::mutex mutex_;  // guards what follows
  std::vector<std::string> servers_;
  std::map<std::string, std::chrono::steady_clock::time_point> asked_;
  HelperThread thread_;
};

// Returns debuginfod/ in $CACHE_DIRECTORY, which systemd provides; or where elfutils keeps its
// files: $DEBUGINFOD_CACHE_PATH, debuginfod_client/ in $XDG_CACHE_HOME or in ~/.cache. Empty if
// none of these variables is set, nor HOME.
std::string debug_download_directory();

}  // namespace pyfault

// Fetches separate debug files from the debuginfod servers that the user has named, for crashes
// that come later: no report waits for a server. elfutils' program debuginfod-find does it, which
// keeps what it has fetched, and forgets what has not been used for a week.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "watchdog/loop/background.h"
#include "watchdog/loop/loop_poster.h"

namespace pyfault {

class DebugDownloads {
 public:
  static constexpr std::size_t kMaxWaiting = 64;
  static constexpr std::chrono::hours kTryAgain{1};
  static constexpr std::chrono::minutes kTimeForFile{5};

  // `directory`: where the files are kept; see debug_download_directory(). `program`: the name or
  // path of debuginfod-find. The loop must have ended before this object is destroyed.
  DebugDownloads(boost::asio::io_context& io, std::string directory,
                 std::string program = "debuginfod-find");

  // From now on; these are URLs. With none, nothing is fetched, nor used.
  void use(std::vector<std::string> servers);

  // Asks for the debug file with this build-id (in hex digits), unless that was done less than
  // kTryAgain ago, or kMaxWaiting others wait. It is there some time later, or never. A forked copy
  // of the process fetches nothing, for it has none of the threads.
  void fetch(const std::string& build_id);

  // Returns what asks for several of them, for any thread at any time.
  std::function<void(std::vector<std::string> build_ids)> fetcher();

  // How many files have been asked for and are not there yet.
  std::size_t waiting() const { return waiting_; }

  // In this directory, the file of a build-id is BUILD-ID/debuginfo. Empty without servers.
  std::string directory() const { return servers_.empty() ? std::string() : directory_; }

 private:
  bool is_new(const std::string& build_id);

  const std::string directory_;
  const std::string program_;
  const pid_t process_;
  std::vector<std::string> servers_;
  std::map<std::string, std::chrono::steady_clock::time_point> asked_;
  std::size_t waiting_ = 0;
  bool has_failed_ = false;  // to run the program, and that was said
  LoopPoster entrance_;
  Background background_;
};

// Returns debuginfod/ in $CACHE_DIRECTORY, which systemd provides; or where elfutils keeps its
// files: $DEBUGINFOD_CACHE_PATH, debuginfod_client/ in $XDG_CACHE_HOME or in ~/.cache. Empty if
// none of these variables is set, nor HOME.
std::string debug_download_directory();

}  // namespace pyfault

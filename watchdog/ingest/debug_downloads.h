// Fetches separate debug files from the debuginfod servers that the user has named, for crashes
// that come later: no report waits for a server. elfutils' program debuginfod-find does it, in a
// process that goes on when the watchdog ends. It keeps what it has fetched, and forgets what has
// not been used for a week.
#pragma once

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "watchdog/supervise/child_process.h"

namespace pyfault {

// All functions may be called from any thread.
class DebugDownloads {
 public:
  static constexpr std::chrono::hours kTryAgain{1};
  static constexpr std::chrono::minutes kLongest{30};  // for the files of one crash

  // `directory`: where the files are kept; see debug_download_directory(). `program`: the name or
  // path of debuginfod-find.
  explicit DebugDownloads(std::string directory, std::string program = "debuginfod-find");

  // From now on; these are URLs. With none, nothing is fetched, nor used.
  void use(std::vector<std::string> servers);

  // Asks for the debug files with these build-ids (in hex digits), one after the other, but for
  // those that were asked for less than kTryAgain ago. They are there some time later, or never.
  // While others are being fetched, it does nothing: another crash will ask again. Waits for the
  // start of a process.
  void fetch(const std::vector<std::string>& build_ids);

  // In this directory, the file of a build-id is BUILD-ID/debuginfo. Empty without servers.
  std::string directory() const;

 private:
  using Clock = std::chrono::steady_clock;

  bool is_busy();
  bool is_new(const std::string& build_id);
  void start(const std::vector<std::string>& build_ids);

  const std::string directory_;
  const std::string program_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<std::string> servers_;
  std::map<std::string, Clock::time_point> asked_;
  std::optional<ChildProcess> client_;  // the last one
  Clock::time_point begun_;             // that one
  bool has_failed_ = false;             // to start one, and that was said
};

// Returns debuginfod/ in $CACHE_DIRECTORY, which systemd provides; or where elfutils keeps its
// files: $DEBUGINFOD_CACHE_PATH, debuginfod_client/ in $XDG_CACHE_HOME or in ~/.cache. Empty if
// none of these variables is set, nor HOME.
std::string debug_download_directory();

}  // namespace pyfault

// Debug files that are fetched: by a stand-in for debuginfod-find, which notes what it is asked
// for. tests/e2e/debuginfod_test.cc has the real one fetch them.
#include "watchdog/ingest/debug_downloads.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "tests/support/files.h"
#include "tests/support/temp_directory.h"

namespace pyfault::test {
namespace {

using testing::HasSubstr;

class DebugDownloadsTest : public testing::Test {
 protected:
  // Appends a line to `asked_` for each call: what it is asked for, where, and where to keep it.
  std::string client(const std::string& more = "") const {
    write_file(client_, "#!/bin/sh\necho \"$1 $2 $DEBUGINFOD_URLS $DEBUGINFOD_CACHE_PATH\" >> " +
                            asked_ + "\n" + more + "\n");
    ::chmod(client_.c_str(), 0755);
    return client_;
  }
  // What has been asked for, once there are so many lines of it.
  std::string asked(std::ptrdiff_t lines) const {
    for (std::string text;; std::this_thread::sleep_for(std::chrono::milliseconds(10))) {
      if (std::filesystem::exists(asked_)) text = read_file(asked_);
      if (std::ranges::count(text, '\n') >= lines) return text;
    }
  }

  TempDirectory folder_;
  std::string client_ = folder_.path() / "a client";
  std::string asked_ = folder_.path() / "asked";
};

TEST_F(DebugDownloadsTest, the_servers_are_asked_for_each_build_id) {
  DebugDownloads downloads("/fetched", client());
  downloads.use({"http://one", "http://two"});
  downloads.fetch({"aaaa", "bbbb"});
  EXPECT_EQ(asked(2),
            "debuginfo aaaa http://one http://two /fetched\n"
            "debuginfo bbbb http://one http://two /fetched\n");
}

TEST_F(DebugDownloadsTest, no_file_is_asked_for_twice_in_an_hour) {
  DebugDownloads downloads("/fetched", client());
  downloads.use({"http://one"});
  downloads.fetch({"aaaa", "aaaa", "bbbb"});
  EXPECT_EQ(asked(2),
            "debuginfo aaaa http://one /fetched\n"
            "debuginfo bbbb http://one /fetched\n");
}

TEST_F(DebugDownloadsTest, without_servers_nothing_is_asked_and_nothing_used) {
  DebugDownloads downloads("/fetched", client());
  downloads.fetch({"aaaa"});
  EXPECT_EQ(downloads.directory(), "");
  downloads.use({"http://one"});
  EXPECT_EQ(downloads.directory(), "/fetched");
  downloads.fetch({"bbbb"});
  EXPECT_EQ(asked(1), "debuginfo bbbb http://one /fetched\n");
}

TEST_F(DebugDownloadsTest, what_is_no_build_id_is_not_asked_for) {
  DebugDownloads downloads("/fetched", client());
  downloads.use({"http://one"});
  downloads.fetch({"", "--verbose", "../x", "ab cd", "bbbb"});
  EXPECT_EQ(asked(1), "debuginfo bbbb http://one /fetched\n");
}

TEST_F(DebugDownloadsTest, while_files_are_fetched_others_are_left_for_another_crash) {
  DebugDownloads downloads("/fetched", client("while [ ! -e \"$0.go\" ]; do sleep 0.01; done"));
  downloads.use({"http://one"});
  downloads.fetch({"aaaa"});
  downloads.fetch({"bbbb"});
  write_file(client_ + ".go", "");
  asked(1);
  while (asked(1).find("bbbb") == std::string::npos) downloads.fetch({"bbbb"});
  EXPECT_EQ(asked(2),
            "debuginfo aaaa http://one /fetched\n"
            "debuginfo bbbb http://one /fetched\n");
}

TEST_F(DebugDownloadsTest, without_the_program_nothing_is_fetched_and_it_is_said_once) {
  testing::internal::CaptureStderr();
  DebugDownloads downloads("/fetched", "/nowhere/debuginfod-find");
  downloads.use({"http://one"});
  downloads.fetch({"aaaa"});
  downloads.fetch({"bbbb"});
  EXPECT_EQ(
      testing::internal::GetCapturedStderr(),
      "pyfault-watchdog: no debug information is fetched: cannot run "
      "'/nowhere/debuginfod-find': not found; Debian's package debuginfod has this program\n");
}

}  // namespace
}  // namespace pyfault::test

// Debug files that are fetched: by a stand-in for debuginfod-find, which notes what it is asked
// for. tests/e2e/debuginfod_test.cc asks a real server.
#include "watchdog/ingest/debug_downloads.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "tests/support/files.h"
#include "tests/support/temp_directory.h"

namespace pyfault::test {
namespace {

using testing::HasSubstr;

class DebugDownloadsTest : public testing::Test {
 protected:
  // Each line of `asked` is what it was asked for, of which servers, and where to keep it.
  std::string client(const std::string& more = "") const {
    write_file(client_, "#!/bin/sh\necho \"$1 $2 $DEBUGINFOD_URLS $DEBUGINFOD_CACHE_PATH\" >> " +
                            asked_ + "\n" + more);
    ::chmod(client_.c_str(), 0755);
    return client_;
  }
  DebugDownloads& with(const std::string& program) {
    return downloads_.emplace(io_, "/fetched", program);
  }
  // Runs the loop until nothing is waited for.
  std::string asked() {
    while (downloads_->waiting() > 0) io_.run_one();
    return read_file(asked_);
  }

  boost::asio::io_context io_{1};
  std::optional<DebugDownloads> downloads_;
  TempDirectory folder_;
  std::string client_ = folder_.path() / "client";
  std::string asked_ = folder_.path() / "asked";
};

TEST_F(DebugDownloadsTest, the_servers_are_asked_for_a_build_id) {
  DebugDownloads& downloads = with(client());
  downloads.use({"http://one", "http://two"});
  downloads.fetch("abcdef");
  EXPECT_EQ(asked(), "debuginfo abcdef http://one http://two /fetched\n");
}

TEST_F(DebugDownloadsTest, any_thread_may_ask_for_several_files) {
  DebugDownloads& downloads = with(client());
  downloads.use({"http://one"});
  std::thread([fetch = downloads.fetcher()] { fetch({"aaaa", "bbbb"}); }).join();
  io_.run_one();
  EXPECT_THAT(asked(), HasSubstr("debuginfo bbbb"));
}

TEST_F(DebugDownloadsTest, no_file_is_asked_for_twice_in_an_hour) {
  DebugDownloads& downloads = with(client());
  downloads.use({"http://one"});
  for (const char* id : {"aaaa", "aaaa", "bbbb"}) downloads.fetch(id);
  EXPECT_THAT(asked(), testing::Not(HasSubstr("aaaa http://one /fetched\ndebuginfo aaaa")));
}

TEST_F(DebugDownloadsTest, nothing_is_asked_without_servers) {
  DebugDownloads& downloads = with(client());
  downloads.fetch("aaaa");
  downloads.use({"http://one"});
  downloads.fetch("bbbb");
  EXPECT_EQ(asked(), "debuginfo bbbb http://one /fetched\n");
}

TEST_F(DebugDownloadsTest, what_is_no_build_id_is_not_asked_for) {
  DebugDownloads& downloads = with(client());
  downloads.use({"http://one"});
  for (const char* id : {"", "--verbose", "../x", "ab cd", "bbbb"}) downloads.fetch(id);
  EXPECT_EQ(asked(), "debuginfo bbbb http://one /fetched\n");
}

TEST_F(DebugDownloadsTest, while_too_many_wait_others_are_left_for_later) {
  DebugDownloads& downloads = with(client("sleep 3600"));
  downloads.use({"http://one"});
  for (std::size_t id = 0; id < 2 * DebugDownloads::kMaxWaiting; ++id) {
    downloads.fetch("abc" + std::to_string(id));
  }
  EXPECT_EQ(downloads.waiting(), DebugDownloads::kMaxWaiting);
}

TEST_F(DebugDownloadsTest, without_the_program_nothing_is_fetched_and_it_is_said) {
  testing::internal::CaptureStderr();
  DebugDownloads& downloads = with("/nowhere/debuginfod-find");
  downloads.use({"http://one"});
  downloads.fetch("aaaa");
  while (downloads.waiting() > 0) io_.run_one();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("no debug information is fetched: cannot run '/nowhere/debuginfod-find'"));
}

}  // namespace
}  // namespace pyfault::test

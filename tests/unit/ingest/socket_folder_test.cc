// Where the private directory of a listener is made, and what is removed of those that killed
// watchdogs have left.
#include "watchdog/ingest/socket_folder.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temp_directory.h"
#include "watchdog/os/seqpacket.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;

class SocketFolderTest : public ::testing::Test {
 protected:
  static std::optional<SocketFolder> folder_in(const std::vector<std::string>& places) {
    return SocketFolder::make(places);
  }

  // Makes a folder with a socket and a pipe, and returns its path. `listener_` keeps the socket
  // open.
  fs::path left_by_killed() {
    SocketFolder folder = *folder_in({directory_.path()});
    listener_ = listen_at_path(folder.socket());
    ::mkfifo(folder.wake_pipe().c_str(), 0600);
    folder.leave();
    return fs::path(folder.socket()).parent_path();
  }
  static void make_old(const fs::path& folder) {
    fs::last_write_time(folder, fs::file_time_type::clock::now() - std::chrono::minutes(2));
  }
  void remove_abandoned() const { remove_abandoned_folders(directory_.path()); }

  test::TempDirectory directory_;
  UniqueFd listener_;
};

TEST_F(SocketFolderTest, a_folder_is_made_in_the_next_place_where_there_is_no_first) {
  const auto folder = folder_in({"/nonexistent", directory_.path()});
  ASSERT_TRUE(folder);
  EXPECT_EQ(fs::path(folder->socket()).parent_path().parent_path(), directory_.path());
}

TEST_F(SocketFolderTest, a_path_too_long_for_a_socket_is_no_place) {
  const fs::path deep = directory_.path() / std::string(80, 'x');
  fs::create_directory(deep);
  EXPECT_FALSE(folder_in({deep}));
  EXPECT_TRUE(fs::is_empty(deep));
}

TEST_F(SocketFolderTest, a_folder_that_all_may_write_to_is_no_place_unless_it_is_sticky) {
  ::chmod(directory_.path().c_str(), 0777);
  EXPECT_FALSE(folder_in({directory_.path()}));
  ::chmod(directory_.path().c_str(), 01777);
  EXPECT_TRUE(folder_in({directory_.path()}));
}

TEST_F(SocketFolderTest, a_folder_of_another_user_is_no_place) {
  if (::chown(directory_.path().c_str(), 65534, 65534) != 0) {
    GTEST_SKIP() << "needs root's rights to give a folder to somebody else";
  }
  EXPECT_FALSE(folder_in({directory_.path()}));
}

TEST_F(SocketFolderTest, without_a_place_there_is_no_folder) {
  EXPECT_FALSE(folder_in({"/nonexistent", "/proc"}));
}

TEST_F(SocketFolderTest, what_a_killed_watchdog_has_left_is_removed) {
  const fs::path left = left_by_killed();
  listener_.reset();
  make_old(left);
  remove_abandoned();
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

TEST_F(SocketFolderTest, a_folder_is_left_alone_while_a_process_has_its_socket_open) {
  const fs::path left = left_by_killed();
  make_old(left);
  remove_abandoned();
  EXPECT_TRUE(fs::exists(left));
  EXPECT_EQ(accept_connection(listener_.get()).get(), -1) << "the check has connected to it";
}

TEST_F(SocketFolderTest, a_new_folder_is_left_alone_for_its_watchdog_may_not_listen_yet) {
  const fs::path left = left_by_killed();
  listener_.reset();
  remove_abandoned();
  EXPECT_TRUE(fs::exists(left));
}

TEST_F(SocketFolderTest, a_folder_with_files_of_others_is_left_alone) {
  const fs::path left = left_by_killed();
  listener_.reset();
  std::ofstream(left / "notes") << "by hand";
  make_old(left);
  remove_abandoned();
  EXPECT_TRUE(fs::exists(left / "notes"));
}

TEST_F(SocketFolderTest, an_empty_folder_is_left_alone) {
  const fs::path orders = directory_.path() / "pyfault-watchdog-orders";
  fs::create_directory(orders);
  make_old(orders);
  remove_abandoned();
  EXPECT_TRUE(fs::exists(orders));
}

TEST_F(SocketFolderTest, nothing_is_removed_where_another_user_could_replace_a_folder) {
  const fs::path left = left_by_killed();
  listener_.reset();
  make_old(left);
  ::chmod(directory_.path().c_str(), 0777);
  remove_abandoned();
  EXPECT_TRUE(fs::exists(left));
}

TEST_F(SocketFolderTest, a_link_is_not_followed) {
  const fs::path left = left_by_killed();
  listener_.reset();
  fs::rename(left, directory_.path() / "elsewhere");
  make_old(directory_.path() / "elsewhere");
  fs::create_symlink("elsewhere", left);
  remove_abandoned();
  EXPECT_FALSE(fs::is_empty(directory_.path() / "elsewhere"));
}

}  // namespace
}  // namespace pyfault

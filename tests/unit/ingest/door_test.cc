// The two sockets with one name, and what is left of them.
#include "watchdog/ingest/door.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

#include "tests/support/fake_agent.h"
#include "tests/support/temp_directory.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;
using test::FakeAgent;

class DoorTest : public ::testing::Test {
 protected:
  DoorTest() { ::setenv("XDG_RUNTIME_DIR", directory_.path().c_str(), 1); }
  ~DoorTest() override { ::unsetenv("XDG_RUNTIME_DIR"); }

  static std::optional<SocketFolder> folder_in(const std::vector<std::string>& places) {
    return SocketFolder::make(places);
  }
  static fs::path file_of(const Door& door) { return door.address().substr(1); }
  bool nothing_is_left() const { return fs::is_empty(directory_.path()); }

  test::TempDirectory directory_;
};

TEST_F(DoorTest, ListensUnderOneNameTwice) {
  const Door door(DumpSignals{});
  EXPECT_TRUE(FakeAgent(door.address()).connected());
  EXPECT_TRUE(FakeAgent(file_of(door)).connected());
}

TEST_F(DoorTest, TheFileIsForOurUserAlone) {
  const Door door(DumpSignals{});
  EXPECT_EQ(file_of(door).parent_path().parent_path(), directory_.path());
  EXPECT_EQ(fs::status(file_of(door).parent_path()).permissions(), fs::perms::owner_all);
}

TEST_F(DoorTest, ItsNameTellsTheSignalThatAsksForDumps) {
  EXPECT_TRUE(Door(DumpSignals{50}).address().ends_with(".50"));
  EXPECT_TRUE(Door(DumpSignals{50, {SIGABRT, SIGTERM}}).address().ends_with(".50.6.15"));
  EXPECT_TRUE(Door(DumpSignals{0, {}}).address().ends_with(".0.0"));
  EXPECT_EQ(Door(DumpSignals{}).address().find('.', directory_.path().string().size() + 1),
            std::string::npos);
}

TEST_F(DoorTest, ThePipeNeverComesToItsEnd) {
  Door door(DumpSignals{});
  const UniqueFd pipe = door.take_wake_pipe();
  UniqueFd(::open((file_of(door).string() + ".wake").c_str(), O_WRONLY | O_CLOEXEC)).reset();
  char byte = 0;
  EXPECT_EQ(::read(pipe.get(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
}

TEST_F(DoorTest, WhatIsNoPipeIsNotTakenForOne) {
  std::optional<Door> before(std::in_place, DumpSignals{});
  const fs::path pipe = file_of(*before).string() + ".wake";
  fs::remove(pipe);
  std::ofstream(pipe) << "a file";
  before->leave();
  EXPECT_FALSE(Door(before->take_listeners()).take_wake_pipe());
}

TEST_F(DoorTest, TakesItsFileAlong) {
  std::optional<Door> door(std::in_place, DumpSignals{});
  EXPECT_FALSE(nothing_is_left());
  door.reset();
  EXPECT_TRUE(nothing_is_left());
}

TEST_F(DoorTest, TwoDoorsDoNotMeet) {
  const Door first(DumpSignals{});
  const Door second(DumpSignals{});
  EXPECT_NE(first.address(), second.address());
}

TEST_F(DoorTest, AFolderIsMadeInTheNextPlaceWhereThereIsNoFirst) {
  const auto folder = folder_in({"/nonexistent", directory_.path()});
  ASSERT_TRUE(folder);
  EXPECT_EQ(fs::path(folder->socket()).parent_path().parent_path(), directory_.path());
}

TEST_F(DoorTest, APathTooLongForASocketIsNoPlace) {
  const fs::path deep = directory_.path() / std::string(80, 'x');
  fs::create_directory(deep);
  EXPECT_FALSE(folder_in({deep}));
  EXPECT_TRUE(fs::is_empty(deep));
}

TEST_F(DoorTest, AFolderThatAllMayWriteToIsNoPlaceUnlessItIsSticky) {
  ::chmod(directory_.path().c_str(), 0777);
  EXPECT_FALSE(folder_in({directory_.path()}));
  ::chmod(directory_.path().c_str(), 01777);
  EXPECT_TRUE(folder_in({directory_.path()}));
}

TEST_F(DoorTest, AFolderOfAnotherUserIsNoPlace) {
  if (::chown(directory_.path().c_str(), 65534, 65534) != 0) {
    GTEST_SKIP() << "needs root's rights to give a folder to somebody else";
  }
  EXPECT_FALSE(folder_in({directory_.path()}));
}

TEST_F(DoorTest, WithoutAPlaceThereIsNoFolder) {
  EXPECT_FALSE(folder_in({"/nonexistent", "/proc"}));
}

}  // namespace
}  // namespace pyfault

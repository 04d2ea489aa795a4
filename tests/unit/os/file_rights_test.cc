#include "watchdog/os/file_rights.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <string>

#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

constexpr uid_t kNobody = 65534;
constexpr gid_t kGroup = 12345;

class FileRightsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root's rights to take another user's";
  }
  ~FileRightsTest() override { unlink(path_.c_str()); }

  void set(mode_t mode, gid_t group) {
    ASSERT_EQ(fchmod(file_.get(), mode), 0);
    ASSERT_EQ(fchown(file_.get(), 0, group), 0);
  }
  bool can_open() const { return bool{UniqueFd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC))}; }
  bool can_open_as(const Identity& identity) const {
    const ScopedFileRights rights(identity);
    return rights && can_open();
  }

  std::string path_ = "/tmp/pyfault-test-XXXXXX";
  UniqueFd file_{mkostemp(path_.data(), O_CLOEXEC)};
};

TEST_F(FileRightsTest, another_users_file_is_closed) {
  set(0600, 0);
  EXPECT_FALSE(can_open_as({kNobody, kNobody, {}}));
}

TEST_F(FileRightsTest, a_world_readable_file_is_open) {
  set(0644, 0);
  EXPECT_TRUE(can_open_as({kNobody, kNobody, {}}));
}

TEST_F(FileRightsTest, our_own_groups_are_not_theirs) {
  set(0640, 0);
  EXPECT_FALSE(can_open_as({kNobody, kNobody, {}}));
}

TEST_F(FileRightsTest, their_supplementary_groups_count) {
  set(0640, kGroup);
  EXPECT_TRUE(can_open_as({kNobody, kNobody, {kGroup}}));
}

TEST_F(FileRightsTest, our_rights_come_back) {
  set(0600, 0);
  can_open_as({kNobody, kNobody, {kGroup}});
  EXPECT_TRUE(can_open());
}

TEST_F(FileRightsTest, our_groups_come_back) {
  const int before = getgroups(0, nullptr);
  can_open_as({kNobody, kNobody, {1, 2, 3, 4, 5}});
  EXPECT_EQ(getgroups(0, nullptr), before);
}

}  // namespace
}  // namespace pyfault

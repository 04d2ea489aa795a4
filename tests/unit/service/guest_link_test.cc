// The link by which guests find a service.
#include "watchdog/service/guest_link.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <stdexcept>

#include "tests/support/temp_directory.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class GuestLinkTest : public testing::Test {
 protected:
  bool is_there() const { return fs::is_symlink(path_); }
  std::string why_not() const {
    try {
      const GuestLink another(path_, "@/elsewhere");
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }

  test::TempDirectory folder_;
  const std::string path_ = folder_.path() / "runtime" / "guests";
};

TEST_F(GuestLinkTest, says_the_address_and_goes_with_the_service) {
  {
    const GuestLink link(path_, "@/run/x/y.43");
    EXPECT_EQ(fs::read_symlink(path_), "@/run/x/y.43");
  }
  EXPECT_FALSE(is_there());
}

TEST_F(GuestLinkTest, others_may_look_into_its_directory) {
  const GuestLink link(path_, "@x");
  struct stat directory {};
  ASSERT_EQ(::stat((folder_.path() / "runtime").c_str(), &directory), 0);
  EXPECT_EQ(directory.st_mode & 07777, 0755U);
}

TEST_F(GuestLinkTest, what_a_killed_service_has_left_is_replaced) {
  fs::create_directory(folder_.path() / "runtime");
  fs::create_symlink("@/of/the/dead", path_);
  fs::create_symlink("@/of/the/dead", path_ + ".new");
  const GuestLink link(path_, "@/of/the/living");
  EXPECT_EQ(fs::read_symlink(path_), "@/of/the/living");
}

TEST_F(GuestLinkTest, a_second_service_leaves_the_first_its_place) {
  const GuestLink link(path_, "@/first");
  EXPECT_THAT(why_not(), HasSubstr("another service is found there"));
  EXPECT_EQ(fs::read_symlink(path_), "@/first");
}

TEST_F(GuestLinkTest, stays_for_the_next_watchdog) {
  std::optional<GuestLink> link;
  link.emplace(path_, "@/kept");
  link->leave();
  link.reset();
  EXPECT_TRUE(is_there());
}

TEST_F(GuestLinkTest, where_it_cannot_be_is_said) {
  const std::string nowhere = folder_.path() / "no" / "such" / "guests";
  EXPECT_THROW(GuestLink(nowhere, "@x"), std::runtime_error);
}

}  // namespace
}  // namespace pyfault

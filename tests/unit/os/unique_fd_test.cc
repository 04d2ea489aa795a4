#include "watchdog/os/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>

namespace pyfault {
namespace {

UniqueFd open_one() {
  return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}
bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

TEST(UniqueFd, closes_what_it_owns) {
  int fd = -1;
  {
    const UniqueFd owner = open_one();
    fd = owner.get();
    ASSERT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(UniqueFd, moved_from_owns_nothing) {
  UniqueFd from = open_one();
  const UniqueFd to = std::move(from);
  EXPECT_FALSE(from);  // NOLINT(bugprone-use-after-move): what the move left is the point
  EXPECT_TRUE(is_open(to.get()));
}

TEST(UniqueFd, assignment_closes_the_old_one) {
  UniqueFd owner = open_one();
  const int old = owner.get();
  owner = UniqueFd();
  EXPECT_FALSE(is_open(old));
}

TEST(UniqueFd, release_gives_ownership_away) {
  UniqueFd owner = open_one();
  const UniqueFd taken(owner.release());
  EXPECT_FALSE(owner);
  EXPECT_TRUE(is_open(taken.get()));
}

}  // namespace
}  // namespace pyfault

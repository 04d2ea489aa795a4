// What happens when a process runs out of file descriptors.
#include "watchdog/os/descriptor_limit.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <vector>

#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

class DescriptorLimit : public ::testing::Test {
 protected:
  DescriptorLimit() { ::getrlimit(RLIMIT_NOFILE, &before_); }
  ~DescriptorLimit() override { ::setrlimit(RLIMIT_NOFILE, &before_); }

  void allow(rlim_t count) const {
    const rlimit limit{count, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  void open_up_to(int number) {
    while (opened_.empty() || opened_.back().get() < number - 1) {
      opened_.emplace_back(::open("/", O_PATH | O_CLOEXEC));
    }
  }

  rlimit before_{};
  std::vector<UniqueFd> opened_;
};

TEST_F(DescriptorLimit, there_are_enough_until_the_reserve_is_reached) {
  allow(256);
  open_up_to(256 - kReservedDescriptors - 1);
  EXPECT_FALSE(descriptors_are_short());
  open_up_to(256 - kReservedDescriptors);
  EXPECT_TRUE(descriptors_are_short());
  opened_.pop_back();
  EXPECT_FALSE(descriptors_are_short());
}

TEST_F(DescriptorLimit, of_a_low_limit_a_quarter_is_kept_back) {
  allow(80);
  open_up_to(59);
  EXPECT_FALSE(descriptors_are_short());
  open_up_to(60);
  EXPECT_TRUE(descriptors_are_short());
}

TEST_F(DescriptorLimit, where_none_may_be_opened_they_are_short) {
  allow(0);
  EXPECT_TRUE(descriptors_are_short());
}

TEST_F(DescriptorLimit, is_raised_to_what_the_system_allows) {
  allow(50);
  EXPECT_EQ(raise_descriptor_limit()->rlim_cur, 50u);
  rlimit now{};
  ::getrlimit(RLIMIT_NOFILE, &now);
  EXPECT_EQ(now.rlim_cur, before_.rlim_max);
}

}  // namespace
}  // namespace pyfault

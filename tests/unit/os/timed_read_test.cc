#include "watchdog/os/timed_read.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "tests/support/temp_directory.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class PatientRead : public testing::Test {
 protected:
  // open() of this FIFO blocks until the test is over.
  PatientRead() { EXPECT_EQ(mkfifo(fifo_.c_str(), 0600), 0); }
  ~PatientRead() override {
    const UniqueFd writer(::open(fifo_.c_str(), O_RDWR | O_CLOEXEC));
    EXPECT_EQ(::write(writer.get(), kEnough.data(), kEnough.size()), ssize_t{kEnough.size()});
    while (!read_with_timeout("/dev/null", 1, hours(1))) continue;
  }

  static constexpr std::array<char, 400> kEnough{};  // enough for all reads that hang

  test::TempDirectory directory_;
  std::string file_ = directory_.path() / "file";
  std::string fifo_ = directory_.path() / "fifo";
};

TEST_F(PatientRead, reads_a_file) {
  std::ofstream(file_) << "text";
  EXPECT_EQ(read_with_timeout(file_, 100, hours(1)), "text");
  EXPECT_EQ(read_with_timeout(file_, 2, hours(1)), "te");
}

TEST_F(PatientRead, a_missing_file_is_none) {
  EXPECT_FALSE(read_with_timeout(file_, 100, hours(1)));
}

TEST_F(PatientRead, one_that_never_comes_is_not_waited_for) {
  EXPECT_FALSE(read_with_timeout(fifo_, 100, milliseconds(1)));
}

TEST_F(PatientRead, while_too_many_hang_nothing_is_read) {
  std::ofstream(file_) << "text";
  for (int hanging = 0; hanging < 4; ++hanging) read_with_timeout(fifo_, 100, milliseconds(500));
  EXPECT_FALSE(read_with_timeout(file_, 100, hours(1)));
}

}  // namespace
}  // namespace pyfault

#include "watchdog/os/unix_stream.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

#include "tests/support/temp_directory.h"
#include "watchdog/os/seqpacket.h"

namespace pyfault {
namespace {

class UnixStream : public testing::Test {
 protected:
  std::string path(const std::string& name = "s") const { return directory_.path() / name; }

  test::TempDirectory directory_;
};

TEST_F(UnixStream, is_made_with_its_mode_whatever_the_umask) {
  const mode_t before = ::umask(0);
  const UniqueFd listener = listen_on_stream(path(), 0600);
  ::umask(before);
  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, mode_t{S_IFSOCK | 0600});
}

TEST_F(UnixStream, takes_connections) {
  const UniqueFd listener = listen_on_stream(path(), 0600);
  EXPECT_TRUE(connect_stream(path()));
  EXPECT_TRUE(accept_connection(listener.get()));
}

TEST_F(UnixStream, is_not_to_be_had_twice) {
  const UniqueFd listener = listen_on_stream(path(), 0600);
  EXPECT_FALSE(listen_on_stream(path(), 0600));
  EXPECT_EQ(errno, EADDRINUSE);
}

TEST_F(UnixStream, a_path_that_is_too_long_is_not_cut) {
  EXPECT_FALSE(listen_on_stream(path(std::string(108, 'x')), 0600));
  EXPECT_EQ(errno, ENAMETOOLONG);
  EXPECT_FALSE(connect_stream(path(std::string(108, 'x'))));
  EXPECT_EQ(errno, ENAMETOOLONG);
}

TEST_F(UnixStream, one_that_nobody_listens_at_any_more_refuses) {
  { const UniqueFd listener = listen_on_stream(path(), 0600); }
  EXPECT_FALSE(connect_stream(path()));
  EXPECT_EQ(errno, ECONNREFUSED);
}

}  // namespace
}  // namespace pyfault

#include "watchdog/sink/journal_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/temp_directory.h"
#include "tests/unit/sink/receiver.h"

namespace pyfault {
namespace {

class JournalSinkTest : public testing::Test {
 protected:
  std::string path() const { return directory_.path() / "socket"; }

  test::TempDirectory directory_;
  JournalSink sink_{path()};
};

TEST_F(JournalSinkTest, an_entry_is_a_datagram) {
  UnixReceiver journald(path());
  EXPECT_EQ(sink_.write("MESSAGE=x\n"), 0);
  EXPECT_EQ(journald.receive(), "MESSAGE=x\n");
}

TEST_F(JournalSinkTest, an_entry_that_is_too_large_for_that_is_a_sealed_memfd) {
  UnixReceiver journald(path());
  const std::string entry = "MESSAGE=" + std::string(20 << 20, 'x') + "\n";
  EXPECT_EQ(sink_.write(entry), 0);
  EXPECT_EQ(journald.receive(), "");
  constexpr int kAll = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
  EXPECT_EQ(::fcntl(journald.memfd(), F_GET_SEALS), kAll);
  EXPECT_EQ(journald.memfd_content(), entry);
}

TEST_F(JournalSinkTest, without_a_journald_the_entry_is_not_written) {
  EXPECT_EQ(sink_.write("MESSAGE=x\n"), ENOENT);
}

TEST_F(JournalSinkTest, a_journald_that_comes_later_is_found) {
  sink_.write("MESSAGE=early\n");
  UnixReceiver journald(path());
  EXPECT_EQ(sink_.write("MESSAGE=x\n"), 0);
  EXPECT_EQ(journald.receive(), "MESSAGE=x\n");
}

TEST_F(JournalSinkTest, a_journald_that_was_started_anew_is_found) {
  {
    UnixReceiver before(path());
    sink_.write("MESSAGE=before\n");
  }
  EXPECT_EQ(sink_.write("MESSAGE=between\n"), ECONNREFUSED);
  ::unlink(path().c_str());
  UnixReceiver after(path());
  EXPECT_EQ(sink_.write("MESSAGE=after\n"), 0);
  EXPECT_EQ(after.receive(), "MESSAGE=after\n");
}

}  // namespace
}  // namespace pyfault

#include "watchdog/os/program_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/temp_directory.h"

namespace pyfault {
namespace {

TEST(ProgramFileTest, ADynamicallyLinkedProgramNamesItsLoader) {
  const ProgramFile file = examine_program("/proc/self/exe");
  EXPECT_TRUE(file.elf && file.x86_64 && file.dynamic);
  EXPECT_FALSE(file.musl || file.privileged);
}

TEST(ProgramFileTest, AScriptIsNoProgramOfItsOwn) {
  EXPECT_FALSE(examine_program("/proc/self/status").elf);
}

TEST(ProgramFileTest, WhatIsNotThereIsNothing) {
  EXPECT_FALSE(examine_program("/nonexistent").elf);
}

TEST(ProgramFileTest, ASetUserIdProgramOfAnotherUserIsPrivileged) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make a program of another user";
  const test::TempDirectory directory;
  const std::filesystem::path copy = directory.path() / "copy";
  std::filesystem::copy_file("/proc/self/exe", copy);
  ASSERT_EQ(::chown(copy.c_str(), 65534, 65534), 0);
  ASSERT_EQ(::chmod(copy.c_str(), 04755), 0);
  EXPECT_TRUE(examine_program(copy.c_str()).privileged);
}

}  // namespace
}  // namespace pyfault

#include "watchdog/os/program_file.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>

#include "tests/support/temp_directory.h"

namespace pyfault {
namespace {

TEST(ProgramFileTest, a_dynamically_linked_program_names_its_loader) {
  const ProgramFile file = examine_program("/proc/self/exe");
  EXPECT_TRUE(file.elf && file.native && file.dynamic);
  EXPECT_FALSE(file.musl || file.privileged);
}

TEST(ProgramFileTest, a_program_of_another_word_size_or_processor_is_not_native) {
  const test::TempDirectory directory;
  const std::filesystem::path path = directory.path() / "program";
  for (const std::size_t at : {std::size_t{EI_CLASS}, offsetof(Elf64_Ehdr, e_machine)}) {
    std::filesystem::copy_file("/proc/self/exe", path,
                               std::filesystem::copy_options::overwrite_existing);
    std::fstream(path, std::ios::in | std::ios::out | std::ios::binary)
        .seekp(static_cast<std::streamoff>(at))
        .put(1);
    const ProgramFile file = examine_program(path.c_str());
    EXPECT_TRUE(file.elf) << at;
    EXPECT_FALSE(file.native) << at;
  }
}

TEST(ProgramFileTest, a_script_is_no_program_of_its_own) {
  EXPECT_FALSE(examine_program("/proc/self/status").elf);
}

TEST(ProgramFileTest, what_is_not_there_is_nothing) {
  EXPECT_FALSE(examine_program("/nonexistent").elf);
}

TEST(ProgramFileTest, a_set_user_id_program_of_another_user_is_privileged) {
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

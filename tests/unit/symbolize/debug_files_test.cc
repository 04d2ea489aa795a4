// Files that a child that is not trusted asks for by name.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "watchdog/symbolize/debug_files.h"

namespace pyfault::test {
namespace {

namespace fs = std::filesystem;

constexpr char kElf[] = "\177ELF, more or less";

struct DebugFilesTest : testing::Test {
  DebugFilesTest() { add("usr/x.so", kElf); }

  fs::path path(const std::string& name) const { return folder.path() / name; }

  void add(const std::string& name, const char* content = kElf) const {
    fs::create_directories(path(name).parent_path());
    write_file(path(name), content);
  }
  bool finds_linked(std::string_view name) const {
    for (std::uint32_t place = 0; place < 4; ++place) {
      if (files.linked(module, name, place)) return true;
    }
    return false;
  }

  TempDirectory folder;
  std::string module = path("usr/x.so");
  DebugFiles files{path("debug")};
};

TEST_F(DebugFilesTest, found_by_build_id) {
  add("debug/.build-id/ab/cdef.debug");
  EXPECT_TRUE(files.with_build_id("abcdef"));
  EXPECT_FALSE(files.with_build_id("abcdee"));
}

TEST_F(DebugFilesTest, found_among_those_that_were_fetched) {
  add("fetched/abcdef/debuginfo");
  EXPECT_TRUE(DebugFiles(path("debug"), path("fetched")).with_build_id("abcdef"));
  EXPECT_FALSE(files.with_build_id("abcdef"));
}

TEST_F(DebugFilesTest, a_build_id_is_hex_digits) {
  add("debug/.build-id/..x/x.debug");
  add("debug/x.debug");
  for (const char* id : {"", "a", "ab", "../x", "..x/x", "AB", "ab/../.."}) {
    EXPECT_FALSE(files.with_build_id(id)) << id;
  }
}

TEST_F(DebugFilesTest, found_beside_the_module_in_its_folder_and_where_packages_put_them) {
  const std::string packaged = "debug" + path("usr/3.debug").string();
  add("usr/1.debug");
  add("usr/.debug/2.debug");
  add(packaged);
  EXPECT_TRUE(files.linked(module, "1.debug", 0));
  EXPECT_TRUE(files.linked(module, "2.debug", 1));
  EXPECT_TRUE(files.linked(module, "3.debug", 2));
  EXPECT_FALSE(files.linked(module, "1.debug", 1));
  EXPECT_FALSE(files.linked(module, "1.debug", 3));
}

TEST_F(DebugFilesTest, a_name_leads_to_no_other_folder) {
  add("other.debug");
  for (const char* name : {"", ".", "..", "../other.debug", "/etc/passwd"}) {
    EXPECT_FALSE(finds_linked(name)) << name;
  }
}

TEST_F(DebugFilesTest, a_module_that_is_not_at_a_plain_path_has_none) {
  add("usr/x.debug");
  ASSERT_TRUE(finds_linked("x.debug"));
  module = path("usr/../usr/x.so");
  EXPECT_FALSE(finds_linked("x.debug"));
  module = "x.so";
  EXPECT_FALSE(finds_linked("x.debug"));
}

TEST_F(DebugFilesTest, only_elf_files) {
  add("usr/shadow", "root:!:19000::");
  EXPECT_FALSE(finds_linked("shadow"));
}

TEST_F(DebugFilesTest, only_regular_files) {
  ASSERT_EQ(::mkfifo(path("usr/fifo").c_str(), 0644), 0);
  EXPECT_FALSE(finds_linked("fifo"));
}

TEST_F(DebugFilesTest, root_gives_away_nothing_that_others_cannot_read) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  add("usr/secret");
  ::chmod(path("usr/secret").c_str(), 0600);
  EXPECT_FALSE(finds_linked("secret"));
}

TEST_F(DebugFilesTest, nothing_from_a_folder_of_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  add("usr/x.debug");
  ASSERT_TRUE(finds_linked("x.debug"));
  ASSERT_EQ(::chown(path("usr").c_str(), 1000, 1000), 0);
  EXPECT_FALSE(finds_linked("x.debug"));
}

}  // namespace
}  // namespace pyfault::test

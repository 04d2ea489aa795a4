// Archives that a hostile program may leave behind. Ordinary archives are tested in
// source_file_test.cc.
#include "watchdog/enrich/zip_archive.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/support/temp_directory.h"

namespace pyfault {
namespace {

constexpr std::size_t kAmple = std::size_t{64} << 20;

class ZipArchiveTest : public ::testing::Test {
 protected:
  ZipArchiveTest() { make("archive.writestr('mod.py', 'pass')"); }

  void make(const std::string& statement) const {
    std::ofstream(directory_.path() / "make.py")
        << "import zipfile\n"
           "with zipfile.ZipFile('app.zip', 'w', zipfile.ZIP_DEFLATED) as archive:\n    "
        << statement << "\n";
    const std::string make = "cd '" + directory_.path().string() + "' && python3 make.py";
    EXPECT_EQ(std::system(make.c_str()), 0);
  }
  std::string bytes() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }
  void replace(const std::string& what, const std::string& with) const {
    std::string all = bytes();
    const std::size_t at = all.rfind(what);
    ASSERT_NE(at, std::string::npos);
    write(all.replace(at, what.size(), with));
  }
  ZipArchive open(std::size_t budget = kAmple) const {
    return ZipArchive(UniqueFd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)), budget);
  }
  std::optional<std::string> read(const std::string& name = "mod.py",
                                  std::size_t limit = kAmple) const {
    return open().read(name, limit);
  }

  test::TempDirectory directory_;
  std::string path_ = directory_.path() / "app.zip";
};

TEST_F(ZipArchiveTest, a_file_is_unpacked) {
  EXPECT_EQ(read(), "pass");
}

TEST_F(ZipArchiveTest, a_program_may_stand_before_the_archive) {
  write("#!/usr/bin/env python3\n" + bytes());
  EXPECT_EQ(read(), "pass");
}

TEST_F(ZipArchiveTest, every_file_cut_short_is_none_or_whole) {
  const std::string whole = bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write(whole.substr(0, size));
    EXPECT_EQ(read().value_or("pass"), "pass") << size;
  }
}

TEST_F(ZipArchiveTest, a_damaged_file_is_none) {
  make("archive.writestr(zipfile.ZipInfo('mod.py'), 'pass and pass')");
  replace("pass and", "pass xnd");
  EXPECT_FALSE(read());
}

TEST_F(ZipArchiveTest, a_file_over_the_limit_is_none) {
  EXPECT_FALSE(read("mod.py", 3));
}

TEST_F(ZipArchiveTest, a_file_that_unpacks_to_more_than_it_says_is_none) {
  make("archive.writestr('mod.py', 'x' * 100000)");
  replace(std::string("\xa0\x86\x01\0", 4), std::string("\x10\0\0\0", 4));
  EXPECT_FALSE(read());
}

TEST_F(ZipArchiveTest, what_is_read_stays_within_the_budget) {
  make("[archive.writestr(f'{i:0200}.py', '') for i in range(2000)]");
  const ZipArchive archive = open(100'000);
  EXPECT_LE(archive.bytes_spent(), 100'000U);
}

TEST_F(ZipArchiveTest, without_a_budget_there_are_no_files) {
  EXPECT_FALSE(open(0).read("mod.py", kAmple));
}

}  // namespace
}  // namespace pyfault

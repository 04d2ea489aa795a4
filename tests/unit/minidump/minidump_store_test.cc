// Minidumps are for nobody else, do not fill the disk, and never overwrite what is not theirs.
#include "watchdog/minidump/minidump_store.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>
#include <string_view>

#include "tests/support/files.h"
#include "tests/support/temp_directory.h"

namespace pyfault {
namespace {

namespace fs = std::filesystem;
using test::read_file;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// Writes beyond it fail, as on a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  sighandler_t handler_;
  rlimit before_{};
};

class MinidumpStoreTest : public testing::Test {
 protected:
  std::string store(const std::string& name, std::string_view content = "content",
                    const MinidumpLimits& limits = {}) {
    return store_minidump(path_, name, std::as_bytes(std::span(content)), limits);
  }
  // Files of before: the first is the oldest.
  void fill(const std::vector<std::string>& names, std::string_view content = "content") {
    fs::create_directory(path_);
    auto time = fs::file_time_type::clock::now() - std::chrono::hours(1);
    for (const std::string& name : names) {
      write_file(path_ / name, content);
      fs::last_write_time(path_ / name, time += std::chrono::seconds(1));
    }
  }
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_)) names.insert(entry.path().filename());
    return names;
  }
  static mode_t mode_of(const fs::path& path) {
    struct stat status {};
    ::lstat(path.c_str(), &status);
    return status.st_mode & 07777;
  }

  test::TempDirectory directory_;
  const fs::path path_ = directory_.path() / "minidumps";
};

TEST(MinidumpName, says_when_which_process_and_which_crash) {
  EXPECT_EQ(minidump_name(1795419610123456789, 1234, "0123456789abcdef"),
            "pyfault-20261123T074010Z-1234-0123456789abcdef.dmp");
}

TEST_F(MinidumpStoreTest, a_file_is_for_nobody_else_and_so_is_a_directory_that_it_makes) {
  EXPECT_EQ(store("pyfault-1.dmp", "bytes"), "");
  EXPECT_EQ(read_file(path_ / "pyfault-1.dmp"), "bytes");
  EXPECT_EQ(mode_of(path_ / "pyfault-1.dmp"), 0600U);
  EXPECT_EQ(mode_of(path_), 0700U);
  EXPECT_THAT(files(), ElementsAre("pyfault-1.dmp"));
}

TEST_F(MinidumpStoreTest, the_oldest_make_room_for_a_new_one) {
  fill({"pyfault-f.dmp", "pyfault-b.dmp", "pyfault-d.dmp", "pyfault-a.dmp", "pyfault-e.dmp",
        "pyfault-c.dmp"});
  EXPECT_EQ(store("pyfault-new.dmp", "content", {.files = 4}), "");
  EXPECT_THAT(files(),
              ElementsAre("pyfault-a.dmp", "pyfault-c.dmp", "pyfault-e.dmp", "pyfault-new.dmp"));
}

TEST_F(MinidumpStoreTest, in_all_they_take_no_more_bytes_than_they_may) {
  fill({"pyfault-a.dmp", "pyfault-b.dmp", "pyfault-c.dmp"}, "1234567890");
  EXPECT_EQ(store("pyfault-new.dmp", "12345678901", {.bytes = 30}), "");
  EXPECT_THAT(files(), ElementsAre("pyfault-c.dmp", "pyfault-new.dmp"));
}

TEST_F(MinidumpStoreTest, up_to_the_limits_nothing_is_deleted) {
  fill({"pyfault-a.dmp", "pyfault-b.dmp"}, "1234567890");
  EXPECT_EQ(store("pyfault-new.dmp", "1234567890", {.files = 3, .bytes = 30}), "");
  EXPECT_EQ(files().size(), 3U);
}

TEST_F(MinidumpStoreTest, what_a_killed_watchdog_left_half_written_makes_room_too) {
  fill({".pyfault-a.dmp.new", "pyfault-b.dmp"});
  EXPECT_EQ(store("pyfault-new.dmp", "content", {.files = 2}), "");
  EXPECT_THAT(files(), ElementsAre("pyfault-b.dmp", "pyfault-new.dmp"));
}

TEST_F(MinidumpStoreTest, files_of_others_are_never_deleted) {
  fill({"notes.txt", "pyfault-a.txt", "other.dmp"});
  fs::create_directory(path_ / "pyfault-directory.dmp");
  EXPECT_EQ(store("pyfault-new.dmp", "content", {.files = 1, .bytes = 1}), "");
  EXPECT_EQ(files().size(), 5U);
}

TEST_F(MinidumpStoreTest, a_link_in_its_place_is_replaced_and_not_followed) {
  fill({});
  write_file(directory_.path() / "victim", "untouched");
  fs::create_symlink(directory_.path() / "victim", path_ / "pyfault-1.dmp");
  fs::create_symlink(directory_.path() / "victim", path_ / ".pyfault-2.dmp.new");
  EXPECT_EQ(store("pyfault-1.dmp"), "");
  EXPECT_THAT(store("pyfault-2.dmp"), HasSubstr("File exists"));
  EXPECT_EQ(read_file(directory_.path() / "victim"), "untouched");
  EXPECT_EQ(read_file(path_ / "pyfault-1.dmp"), "content");
}

TEST_F(MinidumpStoreTest, a_directory_that_others_may_write_to_is_refused) {
  fill({});
  for (const fs::perms others : {fs::perms::group_write, fs::perms::others_write}) {
    fs::permissions(path_, fs::perms::owner_all | others);
    EXPECT_THAT(store("pyfault-1.dmp"), HasSubstr("others may write to the directory"));
  }
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(MinidumpStoreTest, a_directory_of_another_user_is_refused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a directory to another user";
  fill({});
  ASSERT_EQ(::chown(path_.c_str(), 65533, 65533), 0);
  EXPECT_THAT(store("pyfault-1.dmp"), HasSubstr("another user may change the path"));
}

TEST_F(MinidumpStoreTest, a_link_that_others_may_have_put_there_is_refused) {
  fill({});
  const fs::path shared = directory_.path() / "shared";
  fs::create_directory(shared);
  fs::permissions(shared, fs::perms::all | fs::perms::sticky_bit);
  fs::create_symlink(path_, shared / "link");
  EXPECT_THAT(store_minidump(shared / "link", "pyfault-1.dmp", {}), Not(IsEmpty()));
  EXPECT_THAT(files(), IsEmpty());
}

TEST_F(MinidumpStoreTest, a_directory_below_one_that_is_missing_is_not_made) {
  EXPECT_THAT(store_minidump(path_ / "deep", "pyfault-1.dmp", {}),
              testing::AllOf(StartsWith("'" + path_.string()), HasSubstr("No such file")));
}

TEST_F(MinidumpStoreTest, a_file_that_the_disk_has_no_room_for_leaves_nothing_behind) {
  fill({"pyfault-a.dmp"}, "");
  const FileSizeLimit limit(4);
  EXPECT_THAT(store("pyfault-new.dmp", "too much"), HasSubstr("File too large"));
  EXPECT_THAT(files(), ElementsAre("pyfault-a.dmp"));
}

}  // namespace
}  // namespace pyfault

// Looks at real processes: this one, and children of it.
#include "watchdog/symbolize/process_snapshot.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>

#include "tests/support/files.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/enrich/waiting_child.h"
#include "watchdog/os/unique_fd.h"

namespace pyfault {
namespace {

using testing::Contains;
using testing::EndsWith;
using testing::Field;
using testing::IsEmpty;

// A stack of one word.
RecordedStacks pointing_to(const void* address) {
  RecordedStacks stacks;
  stacks.first.chunks.push_back({0x1000, std::vector<std::byte>(sizeof address)});
  std::memcpy(stacks.first.chunks[0].bytes.data(), &address, sizeof address);
  return stacks;
}

std::optional<ProcessSnapshot> take_snapshot(int pid, const RecordedStacks& stacks = {}) {
  constexpr std::chrono::minutes kPatience{1};
  return pyfault::take_snapshot(pid, stacks, std::chrono::steady_clock::now() + kPatience);
}

const void* own_code() {
  return reinterpret_cast<const void*>(&own_code);
}

TEST(ProcessSnapshot, the_map_is_that_of_the_process) {
  const test::WaitingChild child;
  const auto snapshot = take_snapshot(child.pid());
  ASSERT_TRUE(snapshot);
  EXPECT_THAT(snapshot->map.mappings(), Contains(Field(&Mapping::path, "[stack]")));
}

TEST(ProcessSnapshot, only_modules_that_the_stack_points_into_are_opened) {
  const auto snapshot = take_snapshot(getpid(), pointing_to(own_code()));
  ASSERT_EQ(snapshot->modules.size(), 1U);
  EXPECT_THAT(snapshot->modules[0].path, EndsWith("unit_symbolize"));
  EXPECT_TRUE(snapshot->modules[0].file);
}

TEST(ProcessSnapshot, data_is_not_a_module) {
  static const int data = 1;
  EXPECT_THAT(take_snapshot(getpid(), pointing_to(&data))->modules, IsEmpty());
}

TEST(ProcessSnapshot, modules_of_other_threads_are_opened_too) {
  const test::WaitingChild child;
  RecordedStacks stacks;
  stacks.own_pid = child.pid();
  stacks.others.push_back({child.pid(), 0, {}});
  const auto snapshot = take_snapshot(child.pid(), stacks);
  EXPECT_EQ(snapshot->others.at(0).why_not, "");
  EXPECT_THAT(snapshot->modules, Contains(Field(&ModuleFile::path, EndsWith("unit_symbolize"))));
}

TEST(ProcessSnapshot, a_process_that_is_dead_has_none) {
  test::WaitingChild child;
  child.die();
  EXPECT_FALSE(take_snapshot(child.pid()));
}

TEST(ProcessSnapshot, tells_where_the_environment_begins) {
  const std::uint64_t begin = take_snapshot(getpid())->environment;
  const std::string environment = test::read_file("/proc/self/environ");
  ASSERT_FALSE(environment.empty());
  EXPECT_EQ(
      std::memcmp(reinterpret_cast<const void*>(begin), environment.data(), environment.size()), 0);
}

// The file whose first page is mapped here has been truncated since.
class TruncatedFile : public testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(page_, MAP_FAILED); }
  std::optional<std::uint64_t> size_found() const {
    RecordedStacks stacks;
    stacks.missing_page = reinterpret_cast<std::uintptr_t>(page_) + 8;
    return take_snapshot(getpid(), stacks)->file_size;
  }
  ~TruncatedFile() override { munmap(page_, 4096); }

  test::TempDirectory directory_;
  const std::string path_ = directory_.path() / "file";
  const UniqueFd file_{open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)};
  void* page_ = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file_.get(), 0);
};

TEST_F(TruncatedFile, its_size_is_told) {
  EXPECT_EQ(size_found(), 0);
  ASSERT_EQ(ftruncate(file_.get(), 5), 0);
  EXPECT_EQ(size_found(), 5);
}

TEST_F(TruncatedFile, the_size_of_another_that_replaced_it_is_not) {
  test::write_file(path_ + ".new", "another");
  ASSERT_EQ(rename((path_ + ".new").c_str(), path_.c_str()), 0);
  EXPECT_NE(size_found(), 7);
}

TEST(ProcessSnapshot, memory_without_a_file_has_no_size) {
  RecordedStacks stacks;
  stacks.missing_page = reinterpret_cast<std::uintptr_t>(&stacks);
  EXPECT_EQ(take_snapshot(getpid(), stacks)->file_size, std::nullopt);
}

TEST(ProcessSnapshot, a_process_in_our_root_shares_it) {
  EXPECT_TRUE(take_snapshot(getpid())->same_root);
}

}  // namespace
}  // namespace pyfault

// Finds the memory cgroup in the texts that the kernel and container runtimes provide.
#include "watchdog/supervise/memory_cgroup.h"

#include <gtest/gtest.h>

namespace pyfault {
namespace {

constexpr char kUnifiedMount[] =
    "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n";

std::string v1_mount(const std::string& root, const std::string& point = "/sys/fs/cgroup/memory") {
  return "40 32 0:34 " + root + " " + point + " rw - cgroup cgroup rw,memory\n";
}

std::string unified_folder(const std::string& path, const std::string& mounts = kUnifiedMount) {
  return folder_of({true, path}, mounts);
}

TEST(MemoryCgroup, v2_has_one_line_for_all_controllers) {
  const MemoryCgroup found = memory_cgroup("0::/app.slice/web.service\n");
  EXPECT_TRUE(found.unified);
  EXPECT_EQ(found.path, "/app.slice/web.service");
}

TEST(MemoryCgroup, v1_is_preferred_where_it_has_the_controller) {
  const MemoryCgroup found = memory_cgroup("7:cpu,memory:/docker/1\n1:name=systemd:/\n0::/x\n");
  EXPECT_FALSE(found.unified);
  EXPECT_EQ(found.path, "/docker/1");
}

TEST(MemoryCgroup, a_controller_with_a_similar_name_is_another) {
  EXPECT_EQ(memory_cgroup("7:memory_recursive,net:/a\n").path, "");
}

TEST(MemoryCgroup, a_colon_in_the_path_belongs_to_it) {
  EXPECT_EQ(memory_cgroup("0::/a:b\n").path, "/a:b");
}

TEST(MemoryCgroup, a_deleted_one_keeps_its_name) {
  EXPECT_EQ(memory_cgroup("0::/a (deleted)\n").path, "/a");
}

TEST(MemoryCgroup, garbage_is_none) {
  for (const char* text : {"", "\n\n", "memory", ":", "7:memory", "x"}) {
    EXPECT_EQ(memory_cgroup(text).path, "") << text;
  }
}

TEST(CgroupFolder, is_below_the_mount_of_its_hierarchy) {
  EXPECT_EQ(unified_folder("/web"), "/sys/fs/cgroup/web");
  EXPECT_EQ(folder_of({false, "/web"}, kUnifiedMount + v1_mount("/")), "/sys/fs/cgroup/memory/web");
}

TEST(CgroupFolder, the_root_is_the_mount_point_itself) {
  EXPECT_EQ(unified_folder("/"), "/sys/fs/cgroup");
}

TEST(CgroupFolder, a_container_mounts_its_own_part_only) {
  EXPECT_EQ(folder_of({false, "/docker/1"}, v1_mount("/docker/1")), "/sys/fs/cgroup/memory");
  EXPECT_EQ(folder_of({false, "/docker/1/a"}, v1_mount("/docker/1")), "/sys/fs/cgroup/memory/a");
}

TEST(CgroupFolder, of_another_containers_part_nothing_is_known) {
  EXPECT_EQ(folder_of({false, "/docker/12"}, v1_mount("/docker/1")), "");
}

TEST(CgroupFolder, another_controllers_mount_is_none) {
  EXPECT_EQ(folder_of({false, "/a"}, "40 32 0:34 / /c rw - cgroup cgroup rw,cpu\n"), "");
}

TEST(CgroupFolder, a_space_in_the_mount_point_is_unescaped) {
  EXPECT_EQ(folder_of({false, "/a"}, v1_mount("/", "/my\\040cgroups")), "/my cgroups/a");
}

TEST(CgroupFolder, broken_lines_are_passed_over) {
  EXPECT_EQ(unified_folder("/a", "\n- - -\n1 2 3 / /x rw - cgroup2\n40 1 2\n"), "");
  EXPECT_EQ(unified_folder("/a", std::string("nonsense\n") + kUnifiedMount), "/sys/fs/cgroup/a");
}

}  // namespace
}  // namespace pyfault

// Where an ELF file is in memory, by its headers and by what is mapped.
#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "tests/support/elf_head.h"
#include "watchdog/symbolizer/elf_image.h"

namespace pyfault::test {
namespace {

struct ElfImageTest : testing::Test {
  void add(unsigned flags, std::uint64_t offset, std::uint64_t address, std::uint64_t bytes) {
    segments.push_back({PT_LOAD, flags, offset, address, address, bytes, bytes, 0x1000});
  }
  // What a linker makes that gives each segment pages of its own.
  void add_usual_segments() {
    add(PF_R, 0, 0, 0x1100);
    add(PF_R | PF_X, 0x1100, 0x2100, 0x800);
    add(PF_R | PF_W, 0x1900, 0x3900, 0x200);
  }

  std::optional<ElfPlace> place(std::uint64_t start, std::uint64_t end, std::uint64_t offset) {
    head.e_phnum = static_cast<Elf64_Half>(segments.size());
    std::vector<std::byte> image(sizeof head + segments.size() * sizeof(Elf64_Phdr));
    std::memcpy(image.data(), &head, sizeof head);
    std::memcpy(image.data() + sizeof head, segments.data(), image.size() - sizeof head);
    image.resize(std::min(image.size(), kept));
    return place_of(image, {start, end, offset, 0, 0});
  }
  bool is_placed() { return place(0x70002000, 0x70003000, 0x1000).has_value(); }

  Elf64_Ehdr head = loadable_head();
  std::vector<Elf64_Phdr> segments;
  std::size_t kept = SIZE_MAX;  // bytes; the image is cut there
};

TEST_F(ElfImageTest, bias_is_that_of_the_executable_segment) {
  add_usual_segments();
  const auto found = place(0x70002000, 0x70003000, 0x1000);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bias, 0x70000000);
  EXPECT_EQ(found->start, 0x70000000);
  EXPECT_EQ(found->end, 0x70003b00);
}

TEST_F(ElfImageTest, program_at_a_fixed_address_has_no_bias) {
  head.e_type = ET_EXEC;
  add(PF_R | PF_X, 0, 0x400000, 0x1000);
  const auto found = place(0x400000, 0x401000, 0);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bias, 0);
  EXPECT_EQ(found->start, 0x400000);
}

TEST_F(ElfImageTest, mapping_is_the_segment_that_it_shows) {
  add(PF_R | PF_X, 0x1000, 0x1000, 0x1000);
  add(PF_R | PF_X, 0x5000, 0x8000, 0x1000);
  EXPECT_EQ(place(0x70008000, 0x70009000, 0x5000)->bias, 0x70000000);
  EXPECT_FALSE(place(0x70008000, 0x70009000, 0x7000));
}

TEST_F(ElfImageTest, file_that_is_mapped_as_data_has_no_place) {
  add(PF_R, 0, 0, 0x2000);
  EXPECT_FALSE(is_placed());
}

TEST_F(ElfImageTest, other_files_have_no_place) {
  add_usual_segments();
  ASSERT_TRUE(is_placed());
  head.e_machine = EM_AARCH64;
  EXPECT_FALSE(is_placed());
  head.e_machine = EM_X86_64;
  head.e_type = ET_REL;
  EXPECT_FALSE(is_placed());
  head.e_type = ET_DYN;
  head.e_ident[EI_CLASS] = ELFCLASS32;
  EXPECT_FALSE(is_placed());
}

TEST_F(ElfImageTest, cut_files_have_no_place) {
  add_usual_segments();
  for (kept = 0; kept < sizeof head + 2 * sizeof(Elf64_Phdr); ++kept) EXPECT_FALSE(is_placed());
}

TEST_F(ElfImageTest, headers_that_are_not_in_the_file) {
  add_usual_segments();
  for (const std::uint64_t offset : {std::uint64_t{0x10000}, UINT64_MAX}) {
    head.e_phoff = offset;
    EXPECT_FALSE(is_placed());
  }
}

}  // namespace
}  // namespace pyfault::test

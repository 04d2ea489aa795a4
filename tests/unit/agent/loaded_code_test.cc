// A list of modules as ld.so keeps it, made by hand: a module of two segments, machine code and
// data, and whatever else a test adds to the list.
#include "agent/in_signal/loaded_code.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <link.h>

#include <cstring>
#include <deque>
#include <vector>

#include "tests/unit/agent/fake_python.h"

namespace pyfault::test {
namespace {

class LoadedCode : public ::testing::Test {
 protected:
  LoadedCode() {
    std::memcpy(image_.header.e_ident, ELFMAG, SELFMAG);
    image_.header.e_phoff = offsetof(Image, segments);
    image_.header.e_phentsize = sizeof image_.segments[0];
    image_.header.e_phnum = 2;
    image_.segments[0] = segment(PF_R | PF_X, offsetof(Image, code), sizeof image_.code);
    image_.segments[1] = segment(PF_R | PF_W, offsetof(Image, data), sizeof image_.data);
    add_module(0);  // a program that is not position-independent
    add_module(address_of(&image_));
  }

  void add_module(std::uintptr_t base) {
    link_map& added = modules_.emplace_back();
    added.l_addr = base;
    *end_ = &added;
    end_ = &added.l_next;
    python_.set_modules(program_, address_of(&list_));
  }

  bool may_be_code(const void* address) const {
    return may_be_loaded_code(python_.view(), address_of(address));
  }

  struct Image {
    ElfW(Ehdr) header;
    ElfW(Phdr) segments[2];
    std::byte code[64];
    std::byte data[64];
  };
  static ElfW(Phdr) segment(ElfW(Word) flags, std::size_t offset, std::size_t size) {
    ElfW(Phdr) segment{};
    segment.p_type = PT_LOAD;
    segment.p_flags = flags;
    segment.p_vaddr = offset;
    segment.p_memsz = size;
    return segment;
  }

  Guarded guarded_;
  FakePython python_;
  Image image_{};
  std::byte code_of_program_[64]{};
  Text program_{address_of(code_of_program_), address_of(code_of_program_ + 64)};
  std::deque<link_map> modules_;
  r_debug list_{};
  link_map** end_ = &list_.r_map;
};

TEST_F(LoadedCode, is_what_a_module_may_execute) {
  EXPECT_TRUE(may_be_code(&image_.code[0]));
  EXPECT_TRUE(may_be_code(&image_.code[63]));
  EXPECT_FALSE(may_be_code(&image_.data[0]));
  EXPECT_FALSE(may_be_code(&image_.header));
}

TEST_F(LoadedCode, is_what_the_program_may_execute) {
  EXPECT_TRUE(may_be_code(&code_of_program_[8]));
}

TEST_F(LoadedCode, is_nowhere_outside_modules) {
  const std::vector<std::byte> elsewhere(64);
  EXPECT_FALSE(may_be_code(elsewhere.data()));
  EXPECT_FALSE(may_be_code(&elsewhere));
  EXPECT_FALSE(may_be_code(reinterpret_cast<const void*>(8)));
}

TEST_F(LoadedCode, is_looked_for_in_the_nearest_module) {
  add_module(address_of(&image_) - 4096);
  add_module(address_of(&image_ + 1));
  EXPECT_TRUE(may_be_code(&image_.code[0]));
  EXPECT_FALSE(may_be_code(&image_.data[0]));
}

TEST_F(LoadedCode, may_be_anywhere_without_a_list) {
  python_.set_modules(program_, 0);
  EXPECT_TRUE(may_be_code(&image_.data[0]));
}

TEST_F(LoadedCode, may_be_anywhere_if_the_list_is_broken) {
  const CliffEdge cliff;
  modules_.back().l_next = reinterpret_cast<link_map*>(cliff.unreadable());
  EXPECT_TRUE(may_be_code(&image_.data[0]));
}

TEST_F(LoadedCode, may_be_anywhere_if_the_list_is_endless) {
  modules_.back().l_next = list_.r_map;
  EXPECT_TRUE(may_be_code(&image_.data[0]));
}

TEST_F(LoadedCode, may_be_anywhere_in_a_module_without_a_header) {
  image_.header.e_ident[0] = 0;
  EXPECT_TRUE(may_be_code(&image_.data[0]));
}

TEST_F(LoadedCode, may_be_anywhere_in_a_module_whose_segments_cannot_be_read) {
  const CliffEdge cliff;
  image_.header.e_phoff = address_of(cliff.unreadable()) - address_of(&image_);
  EXPECT_TRUE(may_be_code(&image_.data[0]));
}

}  // namespace
}  // namespace pyfault::test

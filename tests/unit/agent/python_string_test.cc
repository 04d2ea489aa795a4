#include "agent/in_signal/python_string.h"

#include <gtest/gtest.h>

#include "tests/unit/agent/fake_python.h"

namespace pyfault::test {
namespace {

class PythonString : public ::testing::Test {
 protected:
  StringView view(std::uintptr_t object) { return view_string(python_.view(), object); }
  void set_length(std::uintptr_t object, std::int64_t length) {
    python_.put(object, python_.view().layout.string.length, length);
  }

  Guarded guarded_;
  FakePython python_;
};

TEST_F(PythonString, is_found_behind_its_header) {
  const std::uintptr_t object = python_.string("hello");
  const StringView string = view(object);
  EXPECT_EQ(string.units, 5u);
  EXPECT_EQ(string.unit_size, 1);
  EXPECT_EQ(string.data, object + python_.view().layout.string.ascii_data);
}

TEST_F(PythonString, is_cut_at_the_limit_and_says_so) {
  const std::uintptr_t object = python_.string(std::string(kMaxStringUnits + 1, 'x'));
  EXPECT_EQ(view(object).units, kMaxStringUnits);
  EXPECT_EQ(view(object).truncated, 1);
}

TEST_F(PythonString, with_an_absurd_length_is_none) {
  const std::uintptr_t object = python_.string("hello");
  set_length(object, std::int64_t{1} << 60);
  EXPECT_EQ(view(object).unit_size, 0);
}

TEST_F(PythonString, that_does_not_end_where_it_says_is_none) {
  const std::uintptr_t object = python_.string("hello");
  set_length(object, 4);
  EXPECT_EQ(view(object).unit_size, 0);
}

TEST_F(PythonString, with_a_negative_length_is_none) {
  const std::uintptr_t object = python_.string("hello");
  set_length(object, -1);
  EXPECT_EQ(view(object).unit_size, 0);
}

TEST_F(PythonString, of_another_type_is_none) {
  EXPECT_EQ(view(python_.code("f")).unit_size, 0);
}

TEST_F(PythonString, at_a_bad_address_is_none) {
  for (const std::uintptr_t bad : {0ul, 8ul, 4097ul, 0x4141414141414140ul}) {
    EXPECT_EQ(view(bad).unit_size, 0) << bad;
  }
}

TEST_F(PythonString, may_be_the_last_thing_on_its_page) {
  const CliffEdge cliff;
  const std::size_t size = python_.view().layout.string.ascii_data + 8u;
  std::memcpy(cliff.last(size), reinterpret_cast<const void*>(python_.string("1234567")), size);
  EXPECT_EQ(view(address_of(cliff.last(size))).units, 7u);
}

}  // namespace
}  // namespace pyfault::test

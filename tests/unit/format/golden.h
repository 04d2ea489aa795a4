// Files under tests/golden.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace pyfault {

inline std::string golden(const std::string& name) {
  std::ifstream file(PYFAULT_GOLDEN_DIRECTORY "/" + name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << "no golden file " << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace pyfault

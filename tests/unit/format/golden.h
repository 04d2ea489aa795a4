// Files below tests/golden. text/ and json/ hold the output of our own formatters; the other
// folders hold output of real interpreters, recorded by the generate.py beside it. After an
// intended change,
//
//   PYFAULT_UPDATE_GOLDEN=1 build/bin/unit_format
//
// rewrites text/ and json/, lists the files it wrote, and passes. `git diff` then shows what has
// changed.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace pyfault {

inline std::string golden(const std::string& name) {
  std::ifstream file(PYFAULT_GOLDEN_DIRECTORY "/" + name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << "no golden file " << name;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_golden(const std::string& name, const std::string& text) {
  std::ofstream file(PYFAULT_GOLDEN_DIRECTORY "/" + name, std::ios::binary);
  file << text << std::flush;
  ASSERT_TRUE(file.good()) << "cannot write golden file " << name;
  std::cout << "wrote tests/golden/" << name << " anew\n";
}

// Compares `printed` with a file in text/ or json/, or writes that file if PYFAULT_UPDATE_GOLDEN=1
// is set.
inline void expect_golden(const std::string& name, const std::string& printed) {
  const char* update = std::getenv("PYFAULT_UPDATE_GOLDEN");
  if (update != nullptr && std::string(update) == "1") {
    write_golden(name, printed);
  } else {
    EXPECT_EQ(printed, golden(name)) << "PYFAULT_UPDATE_GOLDEN=1 writes " << name << " anew";
  }
}

}  // namespace pyfault

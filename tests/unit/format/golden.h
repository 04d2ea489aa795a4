// Files under tests/golden. Those of the other folders were recorded from real interpreters, by the
// generate.py beside them; those of text/ and json/ hold what our own formatters print. After a
// change that is meant,
//
//   PYFAULT_UPDATE_GOLDEN=1 build/bin/unit_format
//
// writes these anew, says so and passes: what has changed is then to be seen in `git diff`.
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

// Of text/ and json/: what is printed is what the file holds, or shall hold from now on.
inline void expect_golden(const std::string& name, const std::string& printed) {
  const char* update = std::getenv("PYFAULT_UPDATE_GOLDEN");
  if (update != nullptr && std::string(update) == "1") {
    write_golden(name, printed);
  } else {
    EXPECT_EQ(printed, golden(name)) << "PYFAULT_UPDATE_GOLDEN=1 writes " << name << " anew";
  }
}

}  // namespace pyfault

// The CPythons of this machine.
#pragma once

#include <compare>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace pyfault::test {

struct Version {
  int major = 0;
  int minor = 0;

  auto operator<=>(const Version&) const = default;
};

// "3.11"; throws std::runtime_error where it is none.
Version parse_version(const std::string& text);

struct Interpreter {
  std::filesystem::path path;  // sys.executable: never a shim
  std::string label;           // "3.11.2"; "3.11.2_2" for a second of the same version, "3.13.0t"
  Version version;
};
std::ostream& operator<<(std::ostream& stream, const Interpreter& interpreter);

// python3 on PATH, /usr/bin/python3.*, ~/.pyenv/versions/*/bin/python3, and those that
// PYFAULT_TEST_PYTHONS names, separated by ':'. CPython from 3.8 on, each once, oldest first.
//
// A test process runs one test of hundreds: what the interpreters say of themselves is kept in a
// file (PYFAULT_TEST_CACHE, set by the build) for as long as their files stay the same.
const std::vector<Interpreter>& interpreters_present();

// Those of them that are tested (test_matrix.h): all, or a few.
const std::vector<Interpreter>& interpreters();

// What a value-parameterised test may be called: "3_11_2".
std::string test_name(const Interpreter& interpreter);

}  // namespace pyfault::test

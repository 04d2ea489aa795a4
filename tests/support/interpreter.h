// The CPython interpreters of this machine.
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

// Parses "3.11". Throws std::runtime_error if the text is no version.
Version parse_version(const std::string& text);

struct Interpreter {
  std::filesystem::path path;  // sys.executable, so never a shim
  std::string label;           // "3.11.2"; "3.11.2_2" for a second one of that version, "3.13.0t"
  Version version;
};
std::ostream& operator<<(std::ostream& stream, const Interpreter& interpreter);

// python3 on PATH, /usr/bin/python3.*, ~/.pyenv/versions/*/bin/python3, and those that
// PYFAULT_TEST_PYTHONS names, separated by ':'. Only CPython from 3.8 on; each interpreter is
// listed once, oldest first.
//
// A test process runs only a few of the tests, so what the interpreters say about themselves is
// cached in a file (PYFAULT_TEST_CACHE, set by the build) until their files change.
const std::vector<Interpreter>& interpreters_present();

// The interpreters that are to be tested: all of the above or some of them (test_matrix.h).
const std::vector<Interpreter>& interpreters();

// The name of the interpreter in the name of a value-parameterised test: "3_11_2".
std::string test_name(const Interpreter& interpreter);

}  // namespace pyfault::test

// A scenario is a program that dies, headed by what must be reported. tests/scenarios/README.md
// explains the keys of the head.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/interpreter.h"

namespace pyfault::test {

class Scenario {
 public:
  // Throws std::runtime_error if the head is missing or has an unknown key.
  explicit Scenario(const std::filesystem::path& program);

  const std::filesystem::path& program() const { return program_; }
  std::string name() const { return program_.stem(); }

  // The value of a key for a Python version: "Key@3.12:" overrides "Key:" from 3.12 on.
  std::optional<std::string> expected(const std::string& key, Version version) const;

  // Whether the scenario's "Needs:" and "Until:" allow this version.
  bool runs_on(Version version) const;

 private:
  std::filesystem::path program_;
  std::map<std::string, std::map<Version, std::string>> head_;
};

// All scenarios in tests/scenarios, sorted by name.
std::vector<Scenario> scenarios();

}  // namespace pyfault::test

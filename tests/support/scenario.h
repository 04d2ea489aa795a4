// A scenario: a program that dies, and what its head says must be seen. The keys are explained in
// tests/scenarios/README.md.
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
  // Throws std::runtime_error when the head is missing or has a key that nobody knows.
  explicit Scenario(const std::filesystem::path& program);

  const std::filesystem::path& program() const { return program_; }
  std::string name() const { return program_.stem(); }

  // What the head says for that version: "Key@3.12:" counts from 3.12 on, over "Key:".
  std::optional<std::string> expected(const std::string& key, Version version) const;

  // Whether it is to be run there, by its "Needs:" and "Until:".
  bool runs_on(Version version) const;

 private:
  std::filesystem::path program_;
  std::map<std::string, std::map<Version, std::string>> head_;
};

// All of tests/scenarios, by name.
std::vector<Scenario> scenarios();

}  // namespace pyfault::test

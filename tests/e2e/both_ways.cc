#include "tests/e2e/both_ways.h"

#include "tests/support/files.h"

namespace pyfault::test {
namespace {

std::vector<std::string> with_program(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {"program.py"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

}  // namespace

void BothWays::program(std::string_view code) const {
  write_file(file("program.py"), code);
}

Launch BothWays::bare(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = with_program(arguments);
  command.insert(command.begin(), GetParam().path);
  return {.command = std::move(command), .directory = directory_.path()};
}

Launch BothWays::watched(const std::vector<std::string>& arguments) const {
  return {.command = watchdog().command(with_program(arguments)), .directory = directory_.path()};
}

Outcome BothWays::expect_no_difference(const std::vector<std::string>& arguments,
                                       const Change& change) const {
  Launch without = bare(arguments);
  Launch with = watched(arguments);
  change(without);
  change(with);
  const Outcome expected = run(without);
  Outcome seen = run(with);
  EXPECT_EQ(seen.ending, expected.ending);
  EXPECT_EQ(seen.out, expected.out);
  EXPECT_EQ(seen.err, expected.err);
  return seen;
}

std::string parameter_name(const testing::TestParamInfo<Interpreter>& info) {
  return test_name(info.param);
}

}  // namespace pyfault::test

// Prints the interpreters that are present and whether PYFAULT_TEST_MATRIX selects them for the
// tests: one line for each, "LABEL PATH chosen" or "LABEL PATH left out", separated by tabs.
#include <algorithm>
#include <exception>
#include <iostream>

#include "tests/support/interpreter.h"

namespace {

void list_interpreters() {
  using namespace pyfault::test;
  for (const Interpreter& each : interpreters_present()) {
    const bool chosen =
        std::ranges::find(interpreters(), each.label, &Interpreter::label) != interpreters().end();
    std::cout << each.label << '\t' << each.path.string() << '\t'
              << (chosen ? "chosen" : "left out") << '\n';
  }
}

}  // namespace

int main() {
  try {
    list_interpreters();
  } catch (const std::exception& error) {
    std::cerr << "list_interpreters: " << error.what() << '\n';
    return 1;
  }
}

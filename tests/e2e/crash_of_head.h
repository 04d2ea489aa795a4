// Compares a crash event with the scenario's head: its signal, threads, frames and source lines.
#pragma once

#include <nlohmann/json.hpp>

#include "tests/support/interpreter.h"
#include "tests/support/scenario.h"

namespace pyfault::test {

void expect_as_the_head_says(const nlohmann::json& crash, const Scenario& scenario,
                             const Interpreter& interpreter);

}  // namespace pyfault::test

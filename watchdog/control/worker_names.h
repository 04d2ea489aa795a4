// Finds the workers that an operator names.
#pragma once

#include <string>
#include <vector>

namespace pyfault {

struct ChosenWorkers {
  std::vector<std::string> names;  // each once, in the order of `there_are`
  std::string unknown;             // the first word that matches no worker; empty: none
};

// "web" matches the worker with this name, or all its instances web#1, web#2, ...
ChosenWorkers choose_workers(const std::vector<std::string>& wanted,
                             const std::vector<std::string>& there_are);

}  // namespace pyfault

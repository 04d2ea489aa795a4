// The workers that an operator means. Pure.
#pragma once

#include <string>
#include <vector>

namespace pyfault {

struct ChosenWorkers {
  std::vector<std::string> names;  // in the order of those that there are, each once
  std::string unknown;             // the first word that means none; empty: all are known
};

// "web" means the worker of this name, or all its instances web#1, web#2, ...
ChosenWorkers choose_workers(const std::vector<std::string>& wanted,
                             const std::vector<std::string>& there_are);

}  // namespace pyfault

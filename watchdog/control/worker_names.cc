#include "watchdog/control/worker_names.h"

#include <algorithm>
#include <string_view>

namespace pyfault {
namespace {

bool means(std::string_view word, std::string_view worker) {
  return worker == word || worker.substr(0, worker.rfind('#')) == word;
}

}  // namespace

ChosenWorkers choose_workers(const std::vector<std::string>& wanted,
                             const std::vector<std::string>& there_are) {
  ChosenWorkers chosen;
  for (const std::string& name : there_are) {
    const auto is_meant = [&](const std::string& word) { return means(word, name); };
    if (std::ranges::any_of(wanted, is_meant)) chosen.names.push_back(name);
  }
  for (const std::string& word : wanted) {
    const auto is_it = [&](const std::string& name) { return means(word, name); };
    if (chosen.unknown.empty() && std::ranges::none_of(there_are, is_it)) chosen.unknown = word;
  }
  return chosen;
}

}  // namespace pyfault

// Summarizes the state of the service in one line. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace pyfault {

struct NamedState {
  std::string name;
  std::string state;                                   // as shown to operators
  std::optional<std::chrono::duration<double>> delay;  // until the next start attempt
};

// "3/4 workers, web#2 backoff 8s": how many are up, and the first few that are not.
std::string status_text(std::span<const NamedState> workers);

}  // namespace pyfault

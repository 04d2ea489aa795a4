// The service in a line. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>

namespace pyfault {

struct NamedState {
  std::string name;
  std::string state;                                   // as operators see it
  std::optional<std::chrono::duration<double>> delay;  // until it is tried again
};

// "3/4 workers, web#2 backoff 8s": how many are up, and the first few that are not.
std::string status_text(std::span<const NamedState> workers);

}  // namespace pyfault

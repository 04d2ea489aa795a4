#include "watchdog/service/status_text.h"

#include <algorithm>

#include "watchdog/policy/lifecycle.h"

namespace pyfault {
namespace {

constexpr std::size_t kMaxNamed = 5;

std::string describe(const NamedState& worker) {
  std::string text = worker.name + " " + worker.state;
  if (!worker.delay) return text;
  return text + " " +
         std::to_string(std::chrono::ceil<std::chrono::seconds>(*worker.delay).count()) + "s";
}

}  // namespace

std::string status_text(std::span<const NamedState> workers) {
  const auto up = std::ranges::count(workers, name_of(WorkerState::kUp), &NamedState::state);
  std::string text = std::to_string(up) + "/" + std::to_string(workers.size()) + " workers";
  std::size_t not_up = 0;
  for (const NamedState& worker : workers) {
    if (worker.state != name_of(WorkerState::kUp) && not_up++ < kMaxNamed)
      text += ", " + describe(worker);
  }
  if (not_up > kMaxNamed) text += ", " + std::to_string(not_up - kMaxNamed) + " more";
  return text;
}

}  // namespace pyfault

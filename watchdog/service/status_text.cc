#include "watchdog/service/status_text.h"

#include <algorithm>

namespace pyfault {
namespace {

constexpr std::size_t kMostNamed = 5;

std::string describe(const NamedState& worker) {
  std::string text = worker.name + " " + std::string(name_of(worker.state));
  const bool waits =
      worker.state == WorkerState::kBackoff || worker.state == WorkerState::kCrashLoop;
  if (waits) text += " " + std::to_string((worker.delay.count() + 999) / 1000) + "s";
  return text;
}

}  // namespace

std::string status_text(std::span<const NamedState> workers) {
  const auto up = std::ranges::count(workers, WorkerState::kUp, &NamedState::state);
  std::string text = std::to_string(up) + "/" + std::to_string(workers.size()) + " workers";
  std::size_t not_up = 0;
  for (const NamedState& worker : workers) {
    if (worker.state != WorkerState::kUp && not_up++ < kMostNamed) text += ", " + describe(worker);
  }
  if (not_up > kMostNamed) text += ", " + std::to_string(not_up - kMostNamed) + " more";
  return text;
}

}  // namespace pyfault

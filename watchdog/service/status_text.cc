#include "watchdog/service/status_text.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace pyfault {
namespace {

constexpr std::size_t kMaxNamed = 5;

std::string describe(const WorkerSnapshot& worker) {
  std::string text = fmt::format("{} {}", worker.config.name, worker.shown_state());
  if (!worker.retry_in_seconds) return text;
  return fmt::format("{} {:.0f}s", text, std::ceil(*worker.retry_in_seconds));
}

}  // namespace

std::string status_text(std::span<const WorkerSnapshot> workers) {
  const auto up = std::ranges::count(workers, WorkerState::kUp, &WorkerSnapshot::state);
  std::string text = fmt::format("{}/{} workers", up, workers.size());
  std::size_t not_up = 0;
  for (const WorkerSnapshot& worker : workers) {
    if (worker.state != WorkerState::kUp && not_up++ < kMaxNamed) text += ", " + describe(worker);
  }
  if (not_up > kMaxNamed) text += fmt::format(", {} more", not_up - kMaxNamed);
  return text;
}

}  // namespace pyfault

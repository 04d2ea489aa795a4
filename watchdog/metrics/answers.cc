#include "watchdog/metrics/answers.h"

#include <fmt/format.h>

namespace pyfault {
namespace {

constexpr char kPlain[] = "text/plain; charset=utf-8";

HttpAnswer health_answer(const Health& health) {
  const char* word = health.is_good() ? "ok" : "degraded";
  return {health.is_good() ? 200u : 503u, kPlain,
          fmt::format("{}: {} of {} workers are up\n", word, health.up, health.wanted)};
}

}  // namespace

HttpAnswer answer_to(std::string_view path, ServiceMetrics& metrics) {
  if (path == "/metrics")
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics.expose()};
  if (path == "/healthz") return health_answer(metrics.health());
  return {404, kPlain, "there are /metrics and /healthz\n"};
}

}  // namespace pyfault

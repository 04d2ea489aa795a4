// What the service answers over HTTP.
#pragma once

#include <string_view>

#include "watchdog/metrics/http_server.h"
#include "watchdog/metrics/service_metrics.h"

namespace pyfault {

// /metrics: Prometheus's text format. /healthz: 200 while every worker is up that should be, else
// 503, with how many are.
HttpAnswer answer_to(std::string_view path, ServiceMetrics& metrics);

}  // namespace pyfault

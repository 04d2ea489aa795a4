// The service's answers over HTTP.
#pragma once

#include <string_view>

#include "watchdog/metrics/http_server.h"
#include "watchdog/metrics/service_metrics.h"

namespace pyfault {

// /metrics: Prometheus's text format. /healthz: 200 if every worker that should be up is up, else
// 503, with their numbers.
HttpAnswer answer_to(std::string_view path, ServiceMetrics& metrics);

}  // namespace pyfault

#include "watchdog/service/listeners.h"

#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "watchdog/control/socket_path.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

// Returns the path of the control socket, or an empty string if there is to be none.
std::string control_path(const ControlSettings& control) {
  if (!control.enabled || !control.socket.empty()) return control.socket;
  return default_control_socket(::geteuid(), std::getenv).value_or("");
}

}  // namespace

Listeners::Listeners(boost::asio::io_context& io, Answer answer,
                     ControlListener::OnConnection on_connection)
    : io_(io), answer_(std::move(answer)), on_connection_(std::move(on_connection)) {}

Listeners::Changes Listeners::open(const Config& config, const OnFailure& on_failure) const {
  Changes changes;
  if (config.metrics != metrics_address_) {
    changes.metrics.emplace();
    try {
      if (config.metrics) {
        *changes.metrics = std::make_unique<HttpServer>(io_, *config.metrics, answer_);
        changes.metrics_address = config.metrics;
      }
    } catch (const StartError& error) {
      std::string why = error.what();
      if (metrics_address_ && metrics_address_->port == config.metrics->port) {
        why += ": this service itself listens on that port; take another one, or restart it";
      }
      if (!on_failure) throw StartError(error.exit_code(), why);
      on_failure(why);
    }
  }
  const std::string path = control_path(config.control);
  if (path == (control_ ? control_->path() : "")) return changes;
  changes.control.emplace();
  try {
    if (!path.empty()) {
      *changes.control = std::make_unique<ControlListener>(io_, path, on_connection_);
    }
  } catch (const StartError& error) {
    if (!config.control.socket.empty() && !on_failure) throw;
    changes.missing_control = error.what();
  }
  return changes;
}

void Listeners::take(Changes changes) {
  if (changes.metrics) {
    metrics_ = std::move(*changes.metrics);
    metrics_address_ = changes.metrics_address;
  }
  if (changes.control) control_ = std::move(*changes.control);
}

}  // namespace pyfault

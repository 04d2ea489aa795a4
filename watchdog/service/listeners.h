// The listeners that a configuration names: the metrics server and the control socket. New ones are
// opened aside and then swapped in, so that a configuration that asks for what is unavailable
// changes nothing.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "watchdog/config/config.h"
#include "watchdog/control/control_listener.h"
#include "watchdog/metrics/http_server.h"

namespace pyfault {

class Listeners {
 public:
  using Answer = std::function<HttpAnswer(std::string_view path)>;

  // `answer` and `on_connection` are called on the loop's thread.
  Listeners(boost::asio::io_context& io, Answer answer,
            ControlListener::OnConnection on_connection);
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  // What take() changes. A member without a value stays as it is.
  struct Changes {
    std::optional<std::unique_ptr<HttpServer>> metrics;
    std::optional<HttpAddress> metrics_address;
    std::optional<std::unique_ptr<ControlListener>> control;
    std::string missing_control;  // why there is no control socket, although there should be one
  };

  // Receives why a listener could not be opened.
  using OnFailure = std::function<void(const std::string& why)>;

  // Opens what `config` asks for and is not open yet. A control socket that the configuration does
  // not name is not essential. Throws StartError if anything else is unavailable; with
  // `on_failure`, that is reported and left out, and the next reload tries it again.
  Changes open(const Config& config, const OnFailure& on_failure = {}) const;

  void take(Changes changes);

 private:
  boost::asio::io_context& io_;
  const Answer answer_;
  const ControlListener::OnConnection on_connection_;
  std::unique_ptr<HttpServer> metrics_;
  std::optional<HttpAddress> metrics_address_;  // what metrics_ listens on
  std::unique_ptr<ControlListener> control_;
};

}  // namespace pyfault

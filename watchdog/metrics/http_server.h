// A small HTTP server on the event loop, for answers that are available at once: GET and HEAD, one
// request per connection.
//
// It is bounded, because any process that reaches the port may use it: 8 KiB of header, no body, 5
// seconds for a request and for its answer, 64 connections. When one more comes, the oldest is
// closed, so that idle clients cannot block others.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "watchdog/metrics/http_address.h"

namespace boost::asio {
class io_context;
}

namespace pyfault {

struct HttpAnswer {
  unsigned status = 200;
  std::string content_type;
  std::string body;
};

class HttpServer {
 public:
  // `answer` is called on the loop's thread with the path, without its query. Throws StartError if
  // the server cannot listen on the address.
  HttpServer(boost::asio::io_context& io, const HttpAddress& address,
             std::function<HttpAnswer(std::string_view path)> answer);
  // Stops listening. Open connections may still finish on the loop; their requests are answered by
  // 503.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;

 private:
  class Session;
  class Listener;

  std::unique_ptr<Listener> listener_;
};

}  // namespace pyfault

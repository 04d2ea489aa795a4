// A small HTTP server on the event loop, for answers that are at hand: GET and HEAD, one request a
// connection.
//
// Bounded, as anybody who reaches the port may talk to it: 8 KiB of header, no body, 5 seconds for
// a request and for its answer, 64 connections. For one more the oldest is closed, so that those
// who say nothing keep nobody waiting.
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
  // `answer` is called with the path, without its query, on the loop's thread. Throws StartError
  // when the address can't be had.
  HttpServer(boost::asio::io_context& io, const HttpAddress& address,
             std::function<HttpAnswer(std::string_view path)> answer);
  // Ends what is under way; the loop may go on.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;

 private:
  class Session;
  class Listener;

  std::shared_ptr<Listener> listener_;
};

}  // namespace pyfault

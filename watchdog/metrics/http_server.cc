#include "watchdog/metrics/http_server.h"

#include <fcntl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <optional>
#include <utility>

#include "watchdog/start_error.h"

namespace pyfault {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using Error = boost::system::error_code;
using Answer = std::function<HttpAnswer(std::string_view)>;

constexpr std::uint32_t kMaxHeader = 8192;
constexpr std::chrono::seconds kTimeLimit{5};
constexpr std::size_t kMaxConnections = 16;
constexpr std::chrono::milliseconds kAcceptAgain{100};  // after an error, such as no descriptors

// One request and its answer; lives as long as an operation is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Tcp::socket socket, std::shared_ptr<Answer> answer)
      : stream_(std::move(socket)), answer_(std::move(answer)) {
    parser_.header_limit(kMaxHeader);
    parser_.body_limit(0);
  }

  void start() {
    stream_.expires_after(kTimeLimit);
    http::async_read(
        stream_, buffer_, parser_,
        [self = shared_from_this()](Error error, std::size_t) { self->on_read(error); });
  }

 private:
  void on_read(Error error) {
    if (error == http::error::body_limit) return respond({413, "text/plain", "no body, please\n"});
    if (error) return;
    const auto& request = parser_.get();
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      return respond({405, "text/plain", "GET or HEAD, please\n"});
    }
    const std::string_view target(request.target().data(), request.target().size());
    respond((*answer_)(target.substr(0, target.find('?'))));
  }

  void respond(HttpAnswer answer) {
    response_.result(answer.status);
    response_.set(http::field::content_type, answer.content_type);
    if (answer.status == 405) response_.set(http::field::allow, "GET, HEAD");
    response_.keep_alive(false);
    response_.content_length(answer.body.size());
    if (parser_.get().method() != http::verb::head) response_.body() = std::move(answer.body);
    stream_.expires_after(kTimeLimit);
    http::async_write(stream_, response_, [self = shared_from_this()](Error, std::size_t) {
      Error ignored;
      self->stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{kMaxHeader * 2};
  http::request_parser<http::empty_body> parser_;
  http::response<http::string_body> response_;
  std::shared_ptr<Answer> answer_;
};

// Asio does not; workers must not hold our port, nor a connection.
void close_on_exec(int socket) {
  ::fcntl(socket, F_SETFD, FD_CLOEXEC);
}

Tcp::endpoint endpoint_of(const HttpAddress& address) {
  return {asio::ip::make_address(address.host), address.port};
}

}  // namespace

class HttpServer::Listener : public std::enable_shared_from_this<HttpServer::Listener> {
 public:
  Listener(asio::io_context& io, const HttpAddress& address, Answer answer)
      : acceptor_(io, endpoint_of(address)),
        pause_(io),
        answer_(std::make_shared<Answer>(std::move(answer))) {
    close_on_exec(acceptor_.native_handle());
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](Error error, Tcp::socket socket) {
      self->on_accept(error, std::move(socket));
    });
  }

  void close() {
    acceptor_.close();
    pause_.cancel();
    *answer_ = [](std::string_view) { return HttpAnswer{503, "text/plain", "going down\n"}; };
  }

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void on_accept(Error error, Tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (!error) {
      close_on_exec(socket.native_handle());
      const auto session = std::make_shared<Session>(std::move(socket), answer_);
      session->start();
    }
    const bool full = static_cast<std::size_t>(answer_.use_count()) > kMaxConnections;
    return error || full ? accept_later() : accept();
  }

  void accept_later() {
    pause_.expires_after(kAcceptAgain);
    pause_.async_wait([self = shared_from_this()](Error) {
      if (!self->acceptor_.is_open()) return;
      const bool full = static_cast<std::size_t>(self->answer_.use_count()) > kMaxConnections;
      return full ? self->accept_later() : self->accept();
    });
  }

  Tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::shared_ptr<Answer> answer_;  // one holder more for each connection
};

HttpServer::HttpServer(asio::io_context& io, const HttpAddress& address, Answer answer) try
    : listener_(std::make_shared<Listener>(io, address, std::move(answer))) {
  listener_->accept();
} catch (const boost::system::system_error& error) {
  throw StartError(kExitOwnError, "cannot listen on " + address.host + " port " +
                                      std::to_string(address.port) + ": " + error.code().message());
}

HttpServer::~HttpServer() {
  listener_->close();
}

std::uint16_t HttpServer::port() const {
  return listener_->port();
}

}  // namespace pyfault

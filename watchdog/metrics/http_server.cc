#include "watchdog/metrics/http_server.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/write.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <sstream>
#include <utility>

#include "watchdog/loop/acceptor.h"
#include "watchdog/loop/timer.h"
#include "watchdog/os/unique_fd.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Tcp = asio::ip::tcp;
using Error = boost::system::error_code;
using Answer = std::function<HttpAnswer(std::string_view)>;

constexpr std::uint32_t kMaxHeader = 8192;
constexpr std::chrono::seconds kTimeLimit{5};
constexpr std::size_t kMaxConnections = 64;

// Uses only Beast's parser and header types; its stream functions would double the compile time.
std::string text_of(const HttpAnswer& answer, bool with_body) {
  http::response_header<> header;
  header.result(answer.status);
  header.set(http::field::content_type, answer.content_type);
  if (answer.status == 405) header.set(http::field::allow, "GET, HEAD");
  header.set(http::field::connection, "close");
  header.set(http::field::content_length, std::to_string(answer.body.size()));
  std::ostringstream text;
  text << header << (with_body ? answer.body : "");
  return text.str();
}

// Asio only opens the socket: it accepts connections without close-on-exec, and workers must
// inherit neither the port nor a connection.
UniqueFd take_listener(Tcp::acceptor& acceptor) {
  acceptor.non_blocking(true);
  UniqueFd listener(acceptor.release());
  ::fcntl(listener.get(), F_SETFD, FD_CLOEXEC);
  return listener;
}

Tcp::endpoint endpoint_of(const HttpAddress& address) {
  return {asio::ip::make_address(address.host), address.port};
}

}  // namespace

// One request and its answer. Kept alive by its pending operation.
class HttpServer::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(asio::io_context& io, Tcp::socket socket, std::shared_ptr<Answer> answer)
      : socket_(std::move(socket)), time_limit_(io), answer_(std::move(answer)) {
    parser_.header_limit(kMaxHeader);
    parser_.body_limit(0);
    parser_.eager(true);
  }

  void start() {
    limit_time();
    read();
  }

  void close() {
    Error ignored;
    socket_.close(ignored);
  }

 private:
  void limit_time() {
    time_limit_.start(kTimeLimit, [this] { close(); });
  }

  void read() {
    socket_.async_read_some(asio::buffer(part_),
                            [self = shared_from_this()](Error error, std::size_t size) {
                              if (!error) self->take(size);
                            });
  }

  void take(std::size_t size) {
    received_.append(part_.data(), size);
    Error error;
    received_.erase(0, parser_.put(asio::buffer(received_), error));
    if (error == http::error::body_limit)
      return respond({413, "text/plain", "request body not supported\n"});
    if (error && error != http::error::need_more) return;
    if (parser_.is_done()) return respond(answer());
    if (received_.size() <= kMaxHeader) read();
  }

  HttpAnswer answer() const {
    const auto& request = parser_.get();
    if (request.method() != http::verb::get && request.method() != http::verb::head) {
      return {405, "text/plain", "only GET and HEAD are supported\n"};
    }
    const std::string_view target(request.target().data(), request.target().size());
    return (*answer_)(target.substr(0, target.find('?')));
  }

  void respond(const HttpAnswer& answer) {
    response_ = text_of(answer, parser_.get().method() != http::verb::head);
    limit_time();
    asio::async_write(socket_, asio::buffer(response_),
                      [self = shared_from_this()](Error, std::size_t) {
                        Error ignored;
                        self->socket_.shutdown(Tcp::socket::shutdown_send, ignored);
                      });
  }

  Tcp::socket socket_;
  Timer time_limit_;
  std::array<char, 4096> part_;
  std::string received_;  // not parsed yet
  http::request_parser<http::empty_body> parser_;
  std::string response_;
  std::shared_ptr<Answer> answer_;
};

class HttpServer::Listener {
 public:
  Listener(asio::io_context& io, const Tcp::endpoint& endpoint, Answer answer)
      : Listener(io, Tcp::acceptor(io, endpoint), std::move(answer)) {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  ~Listener() {
    *answer_ = [](std::string_view) { return HttpAnswer{503, "text/plain", "going down\n"}; };
  }

  std::uint16_t port() const { return endpoint_.port(); }

 private:
  Listener(asio::io_context& io, Tcp::acceptor listening, Answer answer)
      : io_(io),
        endpoint_(listening.local_endpoint()),
        answer_(std::make_shared<Answer>(std::move(answer))),
        acceptor_(io, take_listener(listening),
                  [this](UniqueFd socket) { serve(std::move(socket)); }) {
    acceptor_.start();
  }

  void serve(UniqueFd connection) {
    Tcp::socket socket(io_);
    Error error;
    socket.assign(endpoint_.protocol(), connection.get(), error);
    if (error) return;
    connection.release();
    make_room();
    const auto session = std::make_shared<Session>(io_, std::move(socket), answer_);
    sessions_.push_back(session);
    session->start();
  }

  void make_room() {
    std::erase_if(sessions_, [](const auto& session) { return session.expired(); });
    if (sessions_.size() < kMaxConnections) return;
    if (const auto oldest = sessions_.front().lock()) oldest->close();
    sessions_.pop_front();
  }

  asio::io_context& io_;
  const Tcp::endpoint endpoint_;
  const std::shared_ptr<Answer> answer_;
  std::deque<std::weak_ptr<Session>> sessions_;  // oldest first
  Acceptor acceptor_;
};

HttpServer::HttpServer(asio::io_context& io, const HttpAddress& address, Answer answer) try
    : listener_(std::make_unique<Listener>(io, endpoint_of(address), std::move(answer))) {
} catch (const boost::system::system_error& error) {
  throw StartError(kExitOwnError, fmt::format("cannot listen on {} port {}: {}", address.host,
                                              address.port, error.code().message()));
}

HttpServer::~HttpServer() = default;

std::uint16_t HttpServer::port() const {
  return listener_->port();
}

}  // namespace pyfault

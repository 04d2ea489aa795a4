#include "watchdog/metrics/http_server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

#include "tests/support/loopback_client.h"
#include "watchdog/start_error.h"

namespace pyfault {
namespace {

using test::LoopbackClient;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpServerTest : public testing::Test {
 protected:
  HttpServerTest() {
    loop_ = std::thread([this] { io_.run(); });
  }
  ~HttpServerTest() override { end_loop(); }
  void end_loop() {
    io_.stop();
    if (loop_.joinable()) loop_.join();
  }
  std::string ask(const std::string& request) {
    LoopbackClient client(server_->port());
    client.send(request);
    return client.read_to_end();
  }

  boost::asio::io_context io_{1};
  std::unique_ptr<HttpServer> server_ =
      std::make_unique<HttpServer>(io_, HttpAddress{}, [](std::string_view path) {
        return path == "/metrics" ? HttpAnswer{200, "text/plain; version=0.0.4", "n 1\n"}
                                  : HttpAnswer{404, "text/plain", "no\n"};
      });
  std::thread loop_;
};

TEST_F(HttpServerTest, a_get_is_answered) {
  const std::string answer = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Type: text/plain; version=0.0.4\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 4\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nn 1\n"));
}

TEST_F(HttpServerTest, a_query_is_no_part_of_the_path) {
  EXPECT_THAT(ask("GET /metrics?x=y HTTP/1.0\r\n\r\n"), HasSubstr(" 200 OK\r\n"));
}

TEST_F(HttpServerTest, a_head_has_no_body) {
  const std::string answer = ask("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 4\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, other_paths_are_the_answerers_affair) {
  EXPECT_THAT(ask("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 404 Not Found\r\n"));
}

TEST_F(HttpServerTest, other_methods_are_refused) {
  EXPECT_THAT(ask("DELETE /metrics HTTP/1.1\r\nHost: x\r\n\r\n"), HasSubstr(" 405 "));
}

TEST_F(HttpServerTest, a_body_is_refused) {
  EXPECT_THAT(ask("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"),
              HasSubstr(" 413 "));
}

TEST_F(HttpServerTest, a_header_that_does_not_end_is_not_read_for_ever) {
  const std::string header = "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x');
  EXPECT_THAT(ask(header), Not(HasSubstr(" 200 ")));
}

TEST_F(HttpServerTest, what_is_no_http_ends_the_connection) {
  EXPECT_THAT(ask("\x16\x03\x01 hello\r\n\r\n"), Not(HasSubstr(" 200 ")));
}

TEST_F(HttpServerTest, many_at_once_are_all_answered) {
  std::vector<std::unique_ptr<LoopbackClient>> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(std::make_unique<LoopbackClient>(server_->port()));
  for (const auto& client : clients) client->send("GET /metrics HTTP/1.0\r\n\r\n");
  for (const auto& client : clients) EXPECT_THAT(client->read_to_end(), EndsWith("n 1\n"));
}

TEST_F(HttpServerTest, silent_ones_shut_out_nobody) {
  std::vector<std::unique_ptr<LoopbackClient>> silent;
  for (int i = 0; i < 200; ++i) silent.push_back(std::make_unique<LoopbackClient>(server_->port()));
  EXPECT_THAT(ask("GET /metrics HTTP/1.0\r\n\r\n"), EndsWith("n 1\n"));
}

TEST_F(HttpServerTest, no_child_inherits_its_sockets) {
  const LoopbackClient silent(server_->port());
  ask("GET / HTTP/1.0\r\n\r\n");  // its answer shows that the silent one was accepted too
  end_loop();
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode) || fd <= STDERR_FILENO) continue;
    EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC) << fd;
  }
}

TEST_F(HttpServerTest, a_port_that_is_taken_is_a_start_error) {
  EXPECT_THROW(HttpServer(io_, {"127.0.0.1", server_->port()}, nullptr), StartError);
}

TEST_F(HttpServerTest, a_name_is_no_address) {
  EXPECT_THROW(HttpServer(io_, {"localhost", 0}, nullptr), StartError);
}

}  // namespace
}  // namespace pyfault

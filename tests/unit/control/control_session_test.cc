// Control sessions, and the server that limits them: a misbehaving client must harm nobody but
// itself.
#include "watchdog/control/control_session.h"

#include <gmock/gmock.h>

#include <deque>

#include "tests/unit/control/operator_client.h"
#include "watchdog/control/control_server.h"

namespace pyfault {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kStatus[] = "{\"request\":\"status\"}\n";
constexpr char kFollow[] = "{\"request\":\"events\",\"follow\":true}\n";

class ControlSessionTest : public testing::Test {
 protected:
  OperatorClient& connect() {
    clients_.emplace_back();
    server_.admit(clients_.back().take_servers_end());
    return clients_.back();
  }
  std::string read(OperatorClient& client) { return client.read(io_); }

  void pass() {
    io_.restart();
    io_.poll();
  }
  // Sends reports until the session has no more room, and returns how many bytes that took.
  std::size_t fill(ControlSession& session) {
    constexpr std::size_t kReport = 10'000;
    constexpr std::size_t kTooMuch = 100'000'000;
    std::size_t sent = 0;
    for (; session.has_room() && sent < kTooMuch; sent += kReport) {
      session.send(ReportText{std::string(kReport, 'x')});
      pass();
    }
    return sent;
  }

  // Stands in for the service: remembers every request, and answers status requests.
  void take(const std::shared_ptr<ControlSession>& session, const Request& request) {
    requests_.push_back(request);
    last_ = session;
    if (std::holds_alternative<StatusRequest>(request)) session->send(Done{});
  }

  boost::asio::io_context io_;
  std::vector<Request> requests_;
  std::weak_ptr<ControlSession> last_;
  ControlServer server_{
      io_, [this](const auto& session, const Request& request) { take(session, request); }};
  std::deque<OperatorClient> clients_;
};

TEST_F(ControlSessionTest, a_request_is_answered) {
  OperatorClient& client = connect();
  client.send(kStatus);
  EXPECT_EQ(read(client), reply_line(Done{}));
}

TEST_F(ControlSessionTest, requests_in_pieces_and_in_heaps_are_all_answered) {
  OperatorClient& client = connect();
  client.send("{\"request\":");
  EXPECT_THAT(read(client), IsEmpty());
  client.send(std::string("\"status\"}\n") + kStatus + kStatus);
  EXPECT_EQ(read(client), reply_line(Done{}) + reply_line(Done{}) + reply_line(Done{}));
}

TEST_F(ControlSessionTest, the_next_request_waits_for_the_reply) {
  OperatorClient& client = connect();
  client.send(std::string(kFollow) + kStatus);
  EXPECT_THAT(read(client), IsEmpty());
  EXPECT_THAT(requests_, SizeIs(1));
  last_.lock()->send(Done{});
  EXPECT_EQ(read(client), reply_line(Done{}) + reply_line(Done{}));
}

TEST_F(ControlSessionTest, junk_is_told_so_and_the_connection_ends) {
  OperatorClient& client = connect();
  client.send("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(read(client), HasSubstr("\"reply\":\"error\""));
  EXPECT_TRUE(client.is_closed());
  EXPECT_THAT(requests_, IsEmpty());
}

TEST_F(ControlSessionTest, a_line_without_end_is_cut_off) {
  OperatorClient& client = connect();
  std::string replies;
  for (int i = 0; i < 100 && !client.is_closed(); ++i) {
    client.send(std::string(1000, 'x'));
    replies += read(client);
  }
  EXPECT_THAT(replies, HasSubstr("at most 64 KiB"));
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ControlSessionTest, who_hangs_up_is_forgotten) {
  OperatorClient& client = connect();
  client.send(kFollow);
  read(client);
  EXPECT_FALSE(last_.expired());
  client.hang_up();
  pass();
  EXPECT_TRUE(last_.expired());
}

TEST_F(ControlSessionTest, who_never_reads_is_sent_no_more_than_its_share) {
  OperatorClient& client = connect();
  client.send(kFollow);
  read(client);
  const auto session = last_.lock();
  EXPECT_LT(fill(*session), 10'000'000U);
}

TEST_F(ControlSessionTest, who_never_reads_gets_no_further_requests_taken) {
  OperatorClient& client = connect();
  client.send(kFollow);
  read(client);
  const auto session = last_.lock();
  fill(*session);
  session->send(Done{});
  client.send(kStatus);
  pass();
  EXPECT_THAT(requests_, SizeIs(1));
  read(client);
  EXPECT_THAT(requests_, SizeIs(2));
}

TEST_F(ControlSessionTest, for_one_too_many_the_oldest_silent_one_gives_way) {
  for (std::size_t i = 0; i <= ControlServer::kMaxSessions; ++i) connect();
  io_.poll();
  EXPECT_TRUE(clients_.front().is_closed());
  EXPECT_FALSE(clients_[1].is_closed());
  clients_.back().send(kStatus);
  EXPECT_EQ(read(clients_.back()), reply_line(Done{}));
}

TEST_F(ControlSessionTest, where_all_are_at_work_the_new_one_is_told_so) {
  for (std::size_t i = 0; i < ControlServer::kMaxSessions; ++i) {
    connect().send(kFollow);
    read(clients_.back());
  }
  EXPECT_THAT(read(connect()), AllOf(HasSubstr("error"), HasSubstr("too many")));
  EXPECT_TRUE(clients_.back().is_closed());
  EXPECT_FALSE(clients_.front().is_closed());
}

TEST_F(ControlSessionTest, one_that_does_not_take_its_replies_gives_way_too) {
  for (std::size_t i = 0; i < ControlServer::kMaxSessions; ++i) {
    connect().send(kFollow);
    read(clients_.back());
  }
  const auto stuck = last_.lock();
  fill(*stuck);
  connect().send(kStatus);
  EXPECT_EQ(read(clients_.back()), reply_line(Done{}));
}

}  // namespace
}  // namespace pyfault

#include "watchdog/control/event_follower.h"

#include <gmock/gmock.h>

#include "tests/unit/control/operator_client.h"

namespace pyfault {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class EventFollowerTest : public testing::Test {
 protected:
  EventFollowerTest() {
    session_->start();
    client_.send("{\"request\":\"reload\"}\n");  // the pending request that the follower answers
    client_.read(io_);
  }

  void follow(const EventsRequest& request) {
    follower_ = std::make_shared<EventFollower>(tail_, session_, request);
    follower_->pump();
  }
  void happen(const std::string& message) {
    Event event;
    event.body = NoticeEvent{message, 0};
    tail_.add(event);
    if (follower_) follower_->pump();
  }
  std::string read() { return client_.read(io_); }

  boost::asio::io_context io_;
  OperatorClient client_;
  EventTail tail_{{.events = 5}};
  std::shared_ptr<ControlSession> session_ = std::make_shared<ControlSession>(
      io_, client_.take_servers_end(), [](const auto&, const Request&) {});
  std::shared_ptr<EventFollower> follower_;
};

TEST_F(EventFollowerTest, who_does_not_follow_gets_what_is_kept) {
  for (const char* each : {"first", "second"}) happen(each);
  follow({});
  EXPECT_THAT(read(), AllOf(HasSubstr("first"), HasSubstr("second"), HasSubstr("done")));
  happen("third");
  EXPECT_THAT(read(), IsEmpty());
}

TEST_F(EventFollowerTest, or_the_last_of_it) {
  for (const char* each : {"first", "second", "third"}) happen(each);
  follow({false, 2, ReportFormat::kText});
  EXPECT_THAT(read(), AllOf(Not(HasSubstr("first")), HasSubstr("second"), HasSubstr("third")));
}

TEST_F(EventFollowerTest, who_follows_gets_what_comes) {
  happen("first");
  follow({true, 0, ReportFormat::kJson});
  EXPECT_THAT(read(), IsEmpty());
  happen("second");
  EXPECT_THAT(read(), AllOf(HasSubstr("second"), Not(HasSubstr("done"))));
}

TEST_F(EventFollowerTest, who_reads_too_slowly_hears_how_many_it_has_missed) {
  follow({true, 0, ReportFormat::kText});
  for (int i = 0; i < 40; ++i) happen("large " + std::to_string(i) + std::string(100'000, 'x'));
  const std::string text = read();
  EXPECT_THAT(text, AllOf(HasSubstr("large 0x"), HasSubstr("\"reply\":\"lost\"")));
  EXPECT_THAT(text, HasSubstr("large 39x"));
  happen("on it goes");
  EXPECT_THAT(read(), HasSubstr("on it goes"));
}

TEST_F(EventFollowerTest, a_follower_who_leaves_is_seen_to_be_gone) {
  follow({true, 0, ReportFormat::kText});
  client_.hang_up();
  session_.reset();
  io_.restart();
  io_.poll();
  EXPECT_TRUE(follower_->is_gone());
  happen("nobody hears");
}

}  // namespace
}  // namespace pyfault

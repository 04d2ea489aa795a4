// The door, and agents that knock.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/fake_agent.h"
#include "tests/unit/ingest/event_log.h"
#include "watchdog/ingest/attach_server.h"

namespace pyfault::test {

class AttachServerTest : public testing::Test {
 protected:
  FakeAgent connect() const { return FakeAgent(server_.address()); }
  void wait_for_answer(const FakeAgent& agent) {
    log_.run_until([&] { return agent.answered(); });
  }
  bool is_welcome(FakeAgent& agent) {
    wait_for_answer(agent);
    return agent.take_welcome();
  }
  bool is_turned_away(const Hello& hello) {
    FakeAgent agent = connect();
    agent.say(hello);
    return !is_welcome(agent);
  }
  FakeAgent attached() {
    FakeAgent agent = connect();
    agent.say(hello_from(getpid()));
    EXPECT_TRUE(is_welcome(agent));
    return agent;
  }

  EventLog log_;
  AttachServer server_{log_.io, log_.handler()};
};

}  // namespace pyfault::test

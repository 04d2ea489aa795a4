// An attach server, and agents that connect to it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <span>

#include "tests/support/fake_agent.h"
#include "tests/unit/ingest/event_log.h"
#include "watchdog/ingest/attach_server.h"

namespace pyfault::test {

class AttachServerTest : public testing::Test {
 protected:
  FakeAgent connect() const { return FakeAgent(server_.address()); }

  // An agent that has sent its hello and closed the connection before the server reads it.
  FakeAgent queued(const Hello& hello = hello_from(getpid())) const {
    FakeAgent agent = connect();
    agent.attach(hello);
    return agent;
  }
  FakeAgent attached() {
    FakeAgent agent = queued();
    log_.run_until([&] { return agent.is_taken(); });
    return agent;
  }
  bool is_turned_away(const Hello& hello) {
    const FakeAgent agent = queued(hello);
    server_.drain();
    return agent.side->stage() == RingStage::kWaiting;
  }
  bool is_refused_with(std::span<const int> descriptors) {
    const FakeAgent agent = connect();
    agent.say(hello_from(getpid()), descriptors);
    server_.drain();
    return server_.saved().empty();
  }
  bool is_refused(const UniqueFd& ring) { return is_refused_with(std::array{ring.get()}); }

  EventLog log_;
  AttachServer server_{log_.io, log_};
};

}  // namespace pyfault::test

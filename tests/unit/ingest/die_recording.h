// A process that attaches and is killed half-way through writing a record.
#pragma once

#include <unistd.h>

#include <csignal>
#include <string>

#include "tests/support/fake_agent.h"

namespace pyfault::test {

inline void attach_and_die_recording(const std::string& address) {
  FakeAgent dying(address);
  dying.attach(hello_from(getpid()));
  dying.side->begin(getpid(), RecordBuilder().fault().runtime());
  raise(SIGKILL);
}

inline pid_t die_recording(const std::string& address) {
  const pid_t agent = fork();
  if (agent == 0) attach_and_die_recording(address);
  return agent;
}

}  // namespace pyfault::test

#include "watchdog/ingest/expected_program.h"

#include <algorithm>

#include "watchdog/enrich/watch_signs.h"

namespace pyfault {

void ExpectedProgram::expect(int pid, const ProgramFile& file) {
  pid_ = pid;
  told_.reset();
  on_leave();
  if (const auto why = obstacle_in(file)) on_refusal(*why);
}

void ExpectedProgram::on_attach() {
  timer_.cancel();
  told_.reset();
}

void ExpectedProgram::on_leave() {
  suspected_.reset();
  wait_ = kFirstCheck;
  check_later();
}

void ExpectedProgram::on_refusal(const Unwatched& why) {
  timer_.cancel();
  if (told_ == why.reason) return;
  told_ = why.reason;
  report_(pid_, why);
}

void ExpectedProgram::check_later() {
  timer_.start(wait_, [this] { check(); });
}

void ExpectedProgram::check() {
  const auto signs = look_for_agent(pid_);
  if (!signs) return;
  const auto verdict = judge(*signs);
  if (verdict && (verdict->is_certain || verdict->why.reason == suspected_)) {
    return on_refusal(verdict->why);
  }
  suspected_ = verdict ? std::optional(verdict->why.reason) : std::nullopt;
  wait_ = std::min(2 * wait_, kLongestWait);
  check_later();
}

}  // namespace pyfault

#include "watchdog/ingest/expected_program.h"

#include <algorithm>

#include "watchdog/enrich/watch_signs.h"

namespace pyfault {

void ExpectedProgram::expect(int pid, const ProgramFile& file) {
  pid_ = pid;
  told_.reset();
  note_left();
  if (const auto why = obstacle_in(file)) note(*why);
}

void ExpectedProgram::note_attached() {
  timer_.cancel();
  told_.reset();
}

void ExpectedProgram::note_left() {
  suspected_.reset();
  wait_ = kFirstLook;
  look_later();
}

void ExpectedProgram::note(const Unwatched& why) {
  timer_.cancel();
  if (told_ == why.reason) return;
  told_ = why.reason;
  report_(pid_, why);
}

void ExpectedProgram::look_later() {
  timer_.start(wait_, [this] { look(); });
}

void ExpectedProgram::look() {
  const auto signs = look_for_agent(pid_);
  if (!signs) return;
  const auto verdict = judge(*signs);
  if (verdict && (verdict->is_certain || verdict->why.reason == suspected_)) {
    return note(verdict->why);
  }
  suspected_ = verdict ? std::optional(verdict->why.reason) : std::nullopt;
  wait_ = std::min(2 * wait_, kLongestWait);
  look_later();
}

}  // namespace pyfault

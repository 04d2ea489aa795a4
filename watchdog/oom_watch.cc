#include "watchdog/oom_watch.h"

#include <unistd.h>

#include <array>
#include <utility>

namespace pyfault {
namespace {

constexpr std::chrono::seconds kMoment{1};

}  // namespace

OomWatch::OomWatch(boost::asio::io_context& io, OomKills& kills, pid_t program)
    : kills_(kills), program_(program), moment_(io) {
  UniqueFd changes = kills.changes();
  if (!changes) return;
  changes_.emplace(io, std::move(changes), [this] { on_change(); });
  changes_->start();
}

// Stops listening until the count has settled: memory pressure is an event too, and may come a
// hundred times a second. A change in the meantime is seen when listening resumes.
void OomWatch::on_change() {
  std::array<char, 4096> events;
  while (::read(changes_->get(), events.data(), events.size()) > 0) continue;
  changes_->stop();
  settle_later();
}

void OomWatch::settle_later() {
  moment_.start(kMoment, [this] {
    if (kills_.settle(program_)) {
      settle_later();
    } else {
      changes_->start();
    }
  });
}

}  // namespace pyfault

#include "watchdog/loop/timer.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <utility>

namespace pyfault {

// The handler of a wait may already be queued when the wait is cancelled; Asio then calls it
// without an error. The generation, or the lack of a state, tells the handler that it is outdated.
struct Timer::State {
  explicit State(boost::asio::io_context& io) : timer(io) {}

  boost::asio::steady_timer timer;
  std::uint64_t generation = 0;  // incremented by each start() and cancel()
  std::function<void()> on_expiry;
};

Timer::Timer(boost::asio::io_context& io) : state_(std::make_shared<State>(io)) {}

Timer::~Timer() = default;

void Timer::start(std::chrono::steady_clock::duration delay, std::function<void()> on_expiry) {
  const std::uint64_t generation = ++state_->generation;
  state_->on_expiry = std::move(on_expiry);
  state_->timer.expires_after(delay);
  state_->timer.async_wait([weak = std::weak_ptr(state_), generation](const auto&) {
    const auto state = weak.lock();
    if (!state || state->generation != generation) return;
    std::exchange(state->on_expiry, nullptr)();
  });
}

void Timer::cancel() {
  ++state_->generation;
  state_->on_expiry = nullptr;
  state_->timer.cancel();
}

}  // namespace pyfault

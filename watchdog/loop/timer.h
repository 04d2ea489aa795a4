// Calls back once, after a delay.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace pyfault {

class Timer {
 public:
  explicit Timer(boost::asio::io_context& io);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Calls `on_expiry` once from the loop after `delay`; never from within start(), even if the
  // delay is zero. Replaces a callback set before. The callback may start, cancel or destroy its
  // timer; it must not own it.
  void start(std::chrono::steady_clock::duration delay, std::function<void()> on_expiry);

  // From now on, as after another start() and after destruction, the callback set before is never
  // called, even if its time has passed and the call is already queued in the loop. So it may refer
  // to objects that live as long as the timer.
  void cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pyfault

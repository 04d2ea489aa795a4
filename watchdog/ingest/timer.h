// Calls back once, when a time has passed.
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

  // Calls `on_expiry` once, from the loop, when `delay` has passed: never from within start(), even
  // for a delay of zero. It takes the place of a callback that was set before. The callback may
  // start, cancel or destroy its timer; it must not own it.
  void start(std::chrono::steady_clock::duration delay, std::function<void()> on_expiry);

  // From here on, as after another start() and after the destruction, the callback that was set
  // before is never called, not even when its time had passed already and the call was waiting in
  // the loop. So it may refer to whatever lives as long as the timer.
  void cancel();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pyfault

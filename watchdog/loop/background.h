// Runs work that may hang outside the event loop: one piece after the other, on a HelperThread. The
// loop is notified of each piece when it is done, in the order in which they were begun.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <memory>

#include "watchdog/loop/timer.h"
#include "watchdog/os/helper_thread.h"

namespace pyfault {

class Background {
 public:
  using Work = std::function<void()>;

  // Called once, from the loop or within finish(). `done` is false if the work was not done within
  // the patience, counted from when it became the first one pending; if it was dropped; or if it
  // ran out of memory. Late work continues, but its result is ignored. The callback may begin more
  // work, and must not destroy the Background.
  using Then = std::function<void(bool done)>;

  Background(boost::asio::io_context& io, std::chrono::steady_clock::duration patience);
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // `work` runs on the helper thread and must own all that it touches, because it may outlive this
  // object. Returns false if it will not be done; then `then` is not called (see
  // HelperThread::begin).
  bool begin(Work work, Then then);

  // Called after the loop has ended: waits for all pending work, up to the patience in total.
  void finish();

 private:
  struct Piece {
    HelperThread::Number job = 0;
    std::future<void> done;
    Then then;
  };

  void tell_of_done();
  void abandon_first();
  void tell_of_first(bool done);
  void await_first();

  const std::chrono::steady_clock::duration patience_;
  const std::shared_ptr<const int> alive_ = std::make_shared<int>();
  std::deque<Piece> pieces_;
  Timer late_;
  HelperThread thread_;
};

}  // namespace pyfault

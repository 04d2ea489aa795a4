// Work that may hang, done beside the loop: one piece after the other, on a HelperThread. The loop
// hears of each when it is done, in the order in which it was begun.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <memory>

#include "watchdog/ingest/timer.h"
#include "watchdog/os/helper_thread.h"

namespace pyfault {

class Background {
 public:
  using Work = std::function<void()>;

  // Called once, from the loop or within finish(). False: the work had not been done when its time
  // was up, counted from when it was the next to be heard of, and goes on for nobody; or it was
  // dropped, or had no memory. It may begin more, and must not destroy the Background.
  using Then = std::function<void(bool done)>;

  Background(boost::asio::io_context& io, std::chrono::steady_clock::duration patience);
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // `work` is called on the thread, and must own all that it touches: nobody waits for it. False:
  // it will not be done, and `then` not called (see HelperThread::begin).
  bool begin(Work work, Then then);

  // The loop has ended: waits for what was begun, for the patience in all.
  void finish();

 private:
  struct Piece {
    HelperThread::Number job = 0;
    std::future<void> done;
    Then then;
  };

  void tell_of_done();
  void give_first_up();
  void tell_of_first(bool done);
  void await_first();

  const std::chrono::steady_clock::duration patience_;
  const std::shared_ptr<const int> alive_ = std::make_shared<int>();
  std::deque<Piece> pieces_;
  Timer late_;
  HelperThread thread_;
};

}  // namespace pyfault

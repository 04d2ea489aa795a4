// Lets other threads, which may outlive the event loop, post tasks to it.
#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace pyfault {

class LoopPoster {
 public:
  explicit LoopPoster(boost::asio::io_context& io);
  // Drops tasks that are posted from now on. Those already posted remain queued, so the loop must
  // have ended before.
  ~LoopPoster();
  LoopPoster(const LoopPoster&) = delete;
  LoopPoster& operator=(const LoopPoster&) = delete;

  using Task = std::function<void()>;

  // Returns a function that posts a task to the loop, for any thread at any time.
  std::function<void(Task)> poster() const;

 private:
  struct Gate;
  std::shared_ptr<Gate> gate_;
};

}  // namespace pyfault

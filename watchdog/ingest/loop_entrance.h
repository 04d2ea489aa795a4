// The way into the loop for other threads, which may outlive it.
#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace pyfault {

class LoopEntrance {
 public:
  explicit LoopEntrance(boost::asio::io_context& io);
  // From here on tasks are dropped. Those that were let in and have not run are not: the loop ends
  // first.
  ~LoopEntrance();
  LoopEntrance(const LoopEntrance&) = delete;
  LoopEntrance& operator=(const LoopEntrance&) = delete;

  using Task = std::function<void()>;

  // For any thread, at any time: has the task run by the loop.
  std::function<void(Task)> poster() const;

 private:
  struct Gate;
  std::shared_ptr<Gate> gate_;
};

}  // namespace pyfault

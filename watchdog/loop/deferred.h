// Postpones work to a later turn of the event loop, so that it does not run within the call that
// causes it.
#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace pyfault {

void run_later(boost::asio::io_context& io, std::function<void()> task);

// A task that runs once for all the requests made before it runs.
class Deferred {
 public:
  Deferred(boost::asio::io_context& io, std::function<void()> task);
  // Drops a pending request: the task may refer to objects that do not outlive this one.
  ~Deferred();
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;

  // The task may request itself again, and may destroy its Deferred.
  void request();
  bool is_requested() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pyfault

// Work that is put off to a later step of the loop, so that it does not run within the call that
// causes it.
#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace pyfault {

void run_later(boost::asio::io_context& io, std::function<void()> task);

// One task, that is run once for all the requests that come before it runs.
class Deferred {
 public:
  Deferred(boost::asio::io_context& io, std::function<void()> task);
  // A request that is waiting is dropped: the task may refer to whatever lives as long as this.
  ~Deferred();
  Deferred(const Deferred&) = delete;
  Deferred& operator=(const Deferred&) = delete;

  // The task may request itself anew, and destroy its Deferred.
  void request();
  bool is_requested() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pyfault

// Accepts the connections of a listening socket.
#pragma once

#include <functional>
#include <memory>

#include "watchdog/os/unique_fd.h"

namespace boost::asio {
class io_context;
}

namespace pyfault {

// Whether connections may use up the descriptors that os/descriptor_limit.h reserves.
enum class ReservedDescriptors { kUse, kKeep };

class Acceptor {
 public:
  // Takes each connection, which is non-blocking and close-on-exec.
  using OnConnection = std::function<void(UniqueFd)>;
  // Called with the errno when a connection cannot be accepted: usually there is no descriptor or
  // no memory left. Accepting goes on by itself after a pause.
  using OnFailure = std::function<void(int error)>;

  // The listener must be non-blocking. Either callback may destroy its Acceptor.
  Acceptor(boost::asio::io_context& io, UniqueFd listener, OnConnection on_connection,
           OnFailure on_failure = {}, ReservedDescriptors reserve = ReservedDescriptors::kUse);
  ~Acceptor();
  Acceptor(Acceptor&&) = default;
  Acceptor& operator=(Acceptor&&) = delete;

  // Accepts from now on, a bounded number in each turn of the loop.
  void start();

  // Accepts up to `most` waiting connections at once, in a pause too.
  void accept_now(int most);

  // The listening socket.
  int get() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pyfault

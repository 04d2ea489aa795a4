// Calls back when a descriptor is readable. All waiting for events is done by this or by Timer.
#pragma once

#include <functional>
#include <memory>

#include "watchdog/os/unique_fd.h"

namespace boost::asio {
class io_context;
}

namespace pyfault {

class ReadableFd {
 public:
  ReadableFd(boost::asio::io_context& io, UniqueFd fd, std::function<void()> on_readable);
  ~ReadableFd();
  ReadableFd(ReadableFd&&) = default;
  ReadableFd& operator=(ReadableFd&&) = delete;

  // Calls back once per turn of the loop in which the descriptor is readable (so the callback need
  // not read everything), until stop() or destruction. The callback may destroy its ReadableFd.
  void start();
  void stop();

  int get() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pyfault

// Calls back when a descriptor is readable. Everything ingest waits for is one of these or a timer.
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

  // From here on, once for every pass of the loop that finds the descriptor readable (so a callback
  // need not read everything), until stop() or destruction. The callback may destroy its
  // ReadableFd.
  void start();
  void stop();

  int get() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace pyfault

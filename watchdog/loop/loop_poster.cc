#include "watchdog/loop/loop_poster.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>
#include <utility>

namespace pyfault {

struct LoopPoster::Gate {
  std::mutex mutex;
  boost::asio::io_context* io = nullptr;  // null: shut
};

LoopPoster::LoopPoster(boost::asio::io_context& io) : gate_(std::make_shared<Gate>()) {
  gate_->io = &io;
}

LoopPoster::~LoopPoster() {
  const std::lock_guard lock(gate_->mutex);
  gate_->io = nullptr;
}

std::function<void(LoopPoster::Task)> LoopPoster::poster() const {
  return [gate = gate_](Task task) {
    const std::lock_guard lock(gate->mutex);
    if (gate->io != nullptr) boost::asio::post(*gate->io, std::move(task));
  };
}

}  // namespace pyfault

#include "watchdog/loop/deferred.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace pyfault {

void run_later(boost::asio::io_context& io, std::function<void()> task) {
  boost::asio::post(io, std::move(task));
}

struct Deferred::State {
  boost::asio::io_context& io;
  std::function<void()> task;
  bool requested = false;
};

Deferred::Deferred(boost::asio::io_context& io, std::function<void()> task)
    : state_(std::make_shared<State>(State{io, std::move(task)})) {}

Deferred::~Deferred() = default;

bool Deferred::is_requested() const {
  return state_->requested;
}

void Deferred::request() {
  if (std::exchange(state_->requested, true)) return;
  run_later(state_->io, [weak = std::weak_ptr(state_)] {
    const auto state = weak.lock();  // keeps it alive if the task destroys the Deferred
    if (!state) return;
    state->requested = false;
    state->task();
  });
}

}  // namespace pyfault

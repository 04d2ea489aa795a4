#include "watchdog/loop/acceptor.h"

#include <cerrno>
#include <chrono>
#include <utility>

#include "watchdog/loop/readable_fd.h"
#include "watchdog/loop/timer.h"
#include "watchdog/os/descriptor_limit.h"
#include "watchdog/os/seqpacket.h"

namespace pyfault {
namespace {

constexpr int kAcceptsPerTurn = 32;
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

// Outlives its owner for as long as accept_some() runs.
struct Acceptor::State : std::enable_shared_from_this<State> {
  State(boost::asio::io_context& io, UniqueFd socket, OnConnection take_connection,
        OnFailure tell_failure, ReservedDescriptors reserved)
      : on_connection(std::move(take_connection)),
        on_failure(std::move(tell_failure)),
        reserve(reserved),
        listener(io, std::move(socket), [this] { accept_some(kAcceptsPerTurn); }),
        pause(io) {}

  void accept_some(int most) {
    const auto self = shared_from_this();
    for (int accepted = 0; accepted < most && !closed; ++accepted) {
      if (UniqueFd connection = accept_one()) {
        on_connection(std::move(connection));
      } else if (errno != ECONNABORTED && errno != EINTR) {
        if (errno != EAGAIN) fail(errno);
        return;
      }
    }
  }

  UniqueFd accept_one() {
    if (reserve == ReservedDescriptors::kUse || !descriptors_are_short()) {
      return accept_connection(listener.get());
    }
    errno = EMFILE;
    return {};
  }

  // The listener stays readable, so waiting for it would spin.
  void fail(int error) {
    listener.stop();
    pause.start(kAcceptPause, [this] { listener.start(); });
    if (on_failure) on_failure(error);
  }

  const OnConnection on_connection;
  const OnFailure on_failure;
  const ReservedDescriptors reserve;
  ReadableFd listener;
  Timer pause;
  bool closed = false;
};

Acceptor::Acceptor(boost::asio::io_context& io, UniqueFd listener, OnConnection on_connection,
                   OnFailure on_failure, ReservedDescriptors reserve)
    : state_(std::make_shared<State>(io, std::move(listener), std::move(on_connection),
                                     std::move(on_failure), reserve)) {}

Acceptor::~Acceptor() {
  if (state_) state_->closed = true;
}

void Acceptor::start() {
  state_->listener.start();
}

void Acceptor::accept_now(int most) {
  state_->accept_some(most);
}

int Acceptor::get() const {
  return state_->listener.get();
}

}  // namespace pyfault

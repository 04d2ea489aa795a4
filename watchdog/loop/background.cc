#include "watchdog/loop/background.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

namespace pyfault {
namespace {

bool is_over(const std::future<void>& done) {
  return done.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

// The promise is broken if the work was dropped or has thrown.
bool is_done(std::future<void>& done) try {
  done.get();
  return true;
} catch (const std::future_error&) {
  return false;
}

}  // namespace

Background::Background(boost::asio::io_context& io, std::chrono::steady_clock::duration patience)
    : patience_(patience), late_(io), thread_([this, &io, alive = std::weak_ptr(alive_)] {
        boost::asio::post(io, [this, alive] {
          if (!alive.expired()) tell_of_done();
        });
      }) {}

bool Background::begin(Work work, Then then) {
  auto promise = std::make_shared<std::promise<void>>();
  std::future<void> done = promise->get_future();
  const auto job = thread_.begin([work = std::move(work), promise = std::move(promise)] {
    work();
    promise->set_value();
  });
  if (!job) return false;
  pieces_.push_back({*job, std::move(done), std::move(then)});
  if (pieces_.size() == 1) await_first();
  return true;
}

void Background::await_first() {
  late_.start(patience_, [this] { abandon_first(); });
}

void Background::tell_of_first(bool done) {
  const Then then = std::move(pieces_.front().then);
  pieces_.pop_front();
  pieces_.empty() ? late_.cancel() : await_first();
  then(done);
}

void Background::tell_of_done() {
  while (!pieces_.empty() && is_over(pieces_.front().done)) {
    tell_of_first(is_done(pieces_.front().done));
  }
}

void Background::abandon_first() {
  if (!is_over(pieces_.front().done)) {
    thread_.leave(pieces_.front().job);
    tell_of_first(is_over(pieces_.front().done) && is_done(pieces_.front().done));
  }
  tell_of_done();
}

void Background::finish() {
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  while (!pieces_.empty()) {
    std::future<void>& done = pieces_.front().done;
    const bool is_ready = done.wait_until(deadline) == std::future_status::ready;
    tell_of_first(is_ready && is_done(done));
  }
}

}  // namespace pyfault

#include "watchdog/log/event_stage.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <variant>

#include "watchdog/event/event_size.h"

namespace pyfault {

// Until it is done the crash stays as it is, so that it can be passed on while a read hangs.
struct EventStage::Reading {
  std::shared_ptr<Crash> crash;
  SourceReader read;
  std::vector<FrameSource> sources;  // once it is done
  std::atomic<bool> done = false;
};

// Does one after the other, on a thread that comes with the first one. It may outlive the stage in
// a read that hangs.
class EventStage::Reader : public std::enable_shared_from_this<Reader> {
 public:
  explicit Reader(std::function<void()> on_done) : on_done_(std::move(on_done)) {}

  bool begin(std::shared_ptr<Reading> reading) {
    const std::lock_guard lock(mutex_);
    readings_.push_back(std::move(reading));
    changed_.notify_all();
    if (running_) return true;
    try {
      std::thread([self = shared_from_this()] { self->run(); }).detach();
      running_ = true;
    } catch (const std::system_error&) {
      readings_.pop_back();
    }
    return running_;
  }

  // Those that were not begun. From here on nobody is called.
  std::deque<std::shared_ptr<Reading>> abandon() {
    const std::lock_guard lock(mutex_);
    on_done_ = nullptr;
    abandoned_ = true;
    changed_.notify_all();
    return std::exchange(readings_, {});
  }

  bool wait_for(const Reading& reading, std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, deadline, [&] { return reading.done.load(); });
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return abandoned_ || !readings_.empty(); });
      if (readings_.empty()) return;
      const auto reading = std::move(readings_.front());
      readings_.pop_front();
      lock.unlock();
      read(*reading);
      lock.lock();
      reading->done = true;
      changed_.notify_all();
      if (on_done_) on_done_();
    }
  }

  static void read(Reading& reading) {
    try {
      reading.sources = reading.read(*reading.crash);
    } catch (const std::exception&) {
      reading.sources.clear();  // for want of memory
    }
    reading.read = nullptr;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Reading>> readings_;
  bool running_ = false;
  bool abandoned_ = false;
  std::function<void()> on_done_;
};

EventStage::EventStage(boost::asio::io_context& io, std::function<void(Event)> pass_on,
                       std::chrono::steady_clock::duration patience)
    : io_(io), pass_on_(std::move(pass_on)), patience_(patience), late_(io) {
  replace_reader();
}

EventStage::~EventStage() {
  reader_->abandon();
}

void EventStage::replace_reader() {
  std::deque<std::shared_ptr<Reading>> left;
  if (reader_) {
    left = reader_->abandon();
    hanging_.push_back(reader_);
  }
  reader_ =
      std::make_shared<Reader>([this, &io = io_] { boost::asio::post(io, [this] { go_on(); }); });
  const bool goes_on = may_read();
  for (auto& reading : left) {
    if (!goes_on || !reader_->begin(reading)) reading->done = true;  // without lines
  }
}

bool EventStage::may_read() {
  std::erase_if(hanging_, [](const auto& reader) { return reader.expired(); });
  return hanging_.size() < kMostHanging;
}

std::shared_ptr<EventStage::Reading> EventStage::begin_to_read(Event& event) {
  auto* crash = std::get_if<Crash>(&event.body);
  SourceReader read = std::exchange(event.read_sources, nullptr);
  if (crash == nullptr || !read || !may_read()) return nullptr;
  auto reading = std::make_shared<Reading>();
  reading->crash = std::make_shared<Crash>(std::move(*crash));
  reading->read = std::move(read);
  if (reader_->begin(reading)) return reading;
  event.body = std::move(*reading->crash);
  return nullptr;
}

void EventStage::take(Event event) {
  const std::size_t bytes = approximate_size(event);
  auto reading = begin_to_read(event);
  if (!reading && waiting_.empty()) return pass_on_(std::move(event));
  waiting_.push_back({std::move(event), std::move(reading), bytes});
  waiting_bytes_ += bytes;
  if (waiting_.size() == 1) await_first();
  while (waiting_bytes_ > kMostWaiting && !waiting_.empty()) pass_first_on();
}

void EventStage::await_first() {
  late_.start(patience_, [this] { give_first_up(); });
}

// Passes on as many as have nothing to wait for.
void EventStage::go_on() {
  const std::size_t before = waiting_.size();
  while (!waiting_.empty()) {
    const auto& reading = waiting_.front().reading;
    if (reading && !reading->done) break;
    pass_first_on();
  }
  if (waiting_.empty()) {
    late_.cancel();
  } else if (waiting_.size() != before) {
    await_first();
  }
}

void EventStage::give_first_up() {
  if (waiting_.empty()) return;
  const auto& reading = waiting_.front().reading;
  if (reading && !reading->done) replace_reader();
  pass_first_on();
  go_on();
  if (!waiting_.empty()) await_first();
}

void EventStage::pass_first_on() {
  Waiting first = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_bytes_ -= first.bytes;
  pass(std::move(first.event), first.reading);
}

void EventStage::pass(Event event, const std::shared_ptr<Reading>& reading) {
  if (reading && !reading->done) {
    event.body = *reading->crash;
  } else if (reading) {
    for (FrameSource& each : reading->sources) {
      Frame& frame = reading->crash->threads.at(each.thread).frames.at(each.frame);
      frame.source = std::move(each.text);
    }
    event.body = std::move(*reading->crash);
  }
  pass_on_(std::move(event));
}

void EventStage::finish() {
  const auto deadline = std::chrono::steady_clock::now() + patience_;
  for (const Waiting& each : waiting_) {
    if (each.reading && !reader_->wait_for(*each.reading, deadline)) break;
  }
  while (!waiting_.empty()) pass_first_on();
}

}  // namespace pyfault

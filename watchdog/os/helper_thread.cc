#include "watchdog/os/helper_thread.h"

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace pyfault {

// Outlives its owner while a job hangs.
class HelperThread::Thread : public std::enable_shared_from_this<Thread> {
 public:
  explicit Thread(Job on_done) : on_done_(std::move(on_done)) {}

  // Throws std::system_error if no thread can be started.
  void start() {
    std::thread([self = shared_from_this()] { self->run(); }).detach();
  }

  void add(Numbered job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    changed_.notify_one();
  }

  // Returns the jobs that have not begun; nullopt, without effect, if this job has ended.
  std::optional<std::deque<Numbered>> leave(Number job) {
    const std::lock_guard lock(mutex_);
    if (job <= ended_) return std::nullopt;
    on_done_ = nullptr;
    is_left_ = true;
    changed_.notify_one();
    return std::exchange(jobs_, {});
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return is_left_ || !jobs_.empty(); });
      if (is_left_) return;
      Numbered next = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      perform(next.job);
      next.job = nullptr;  // releases what it captured
      lock.lock();
      ended_ = next.number;
      if (on_done_) on_done_();
    }
  }

  static void perform(const Job& job) try { job(); } catch (const std::exception&) {
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Numbered> jobs_;
  Number ended_ = 0;  // the last job that ended
  bool is_left_ = false;
  Job on_done_;
};

HelperThread::~HelperThread() {
  if (thread_) thread_->leave(next_);
}

std::optional<HelperThread::Number> HelperThread::begin(Job job) {
  const Number number = next_++;
  return add({number, std::move(job)}) ? std::optional(number) : std::nullopt;
}

bool HelperThread::add(Numbered job) try {
  std::erase_if(left_, [](const auto& thread) { return thread.expired(); });
  if (left_.size() >= kMaxHanging) return false;
  if (!thread_) {
    auto thread = std::make_shared<Thread>(on_done_);
    thread->start();
    thread_ = std::move(thread);
  }
  thread_->add(std::move(job));
  return true;
} catch (const std::system_error&) {
  return false;
}

void HelperThread::leave(Number job) {
  auto jobs = thread_ ? thread_->leave(job) : std::nullopt;
  if (!jobs) return;
  left_.push_back(std::exchange(thread_, nullptr));
  for (Numbered& each : *jobs) {
    if (each.number != job) add(std::move(each));
  }
}

}  // namespace pyfault
